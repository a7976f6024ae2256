"""Settings of the message channel: its patience. The addresses stand with the contacts (``message_url``)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class MessageSettings(BaseModel):
    """How long the second provider may take.

    ``timeout_s`` is for one attempt as a whole, ``socket_timeout_s`` for each of its waits on the network: a thread
    that is given up ends with these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    timeout_s: float = Field(default=5.0, gt=0, le=20)
    socket_timeout_s: float = Field(default=4.0, gt=0, le=20)
