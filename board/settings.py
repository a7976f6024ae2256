"""Settings of the board, built once by the composition root and passed down."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone, for example Europe/Oslo") from error
    return name


def _base_url(url: str) -> str:
    if url and not url.startswith(("http://", "https://")):
        raise ValueError("public_url must start with http:// or https://")
    return url.rstrip("/")


class BoardSettings(BaseModel):
    """Where the board listens, which site it shows and how it is seen from outside."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    site: str | None = None
    """Show the cases of this site only; None shows all."""
    title: str = Field(default="Emergency imaging", min_length=1, max_length=80)
    demo: bool = False
    """Says "DEMO - synthetic patients" on every page."""
    public_url: Annotated[str, AfterValidator(_base_url)] = ""
    """Address at which the phone carrier reaches the webhooks; its signatures cover this address, not the proxy's."""
    pin: SecretStr | None = Field(default=None, min_length=4, max_length=64)
    """Lets people answer and clear notices on the board; without it the board only shows."""
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    poll_s: float = Field(default=1.0, ge=0.2, le=5.0)
    """Longest time between two reads of the store."""
    heartbeat_s: float = Field(default=2.0, ge=0.2, le=2.0)
    stale_after_s: float = Field(default=10.0, ge=3.0, le=60.0)
    """With no news for this long a screen says that it can no longer be trusted."""

    @property
    def webhook_base(self) -> str:
        """The address that webhook signatures are checked against, without a trailing slash."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which instants are shown."""
        return ZoneInfo(self.timezone)
