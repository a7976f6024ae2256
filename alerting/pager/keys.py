"""A key pressed in a call, as the webhook read it, and what became of it: types only.

Who calls it: the board's webhook makes a ``KeyPress``, ``alerting.pager.inbound`` answers it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from alerting.core.keys import KeyOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPress:
    """One key: page, attempt and nonce from the webhook's address, ``sid`` of the call and ``digit`` from its body.

    ``round`` counts how often this call said its script: the same key in two rounds is two presses, the same key in
    the same round of the same call is one, however often it is told.
    """

    page_id: str
    attempt_id: str
    nonce: str = field(repr=False)
    sid: str
    digit: str
    round: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResult:
    """What became of a key; ``script`` is the page's, for the case that it is said again."""

    outcome: KeyOutcome
    script: str = field(repr=False)
