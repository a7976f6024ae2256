"""Who may write on the board: whoever knows its PIN and posts from the board's own page. Decides, never answers.

Called by ``board.forms``. The PIN is one for the desk, so a form also names the person who answers. While it is locked
the right PIN is refused too, else guessing would go on at full speed.
"""

from __future__ import annotations

import enum
import hmac
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr

_WRONG_ALLOWED = 5
_WINDOW = timedelta(minutes=1)


class PinCheck(enum.StrEnum):
    """What became of a PIN."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"
    """Too many wrong ones within a minute, from wherever."""


class PinGate:
    """Compares PINs and counts the wrong ones of this process."""

    def __init__(self, pin: SecretStr) -> None:
        self._pin = pin
        self._wrong: deque[datetime] = deque(maxlen=_WRONG_ALLOWED)

    def check(self, given: str, now: datetime) -> PinCheck:
        """Check a PIN at ``now``; the comparison takes the same time wherever the first difference is."""
        if self.locked_s(now) > 0:
            return PinCheck.LOCKED
        if hmac.compare_digest(given.encode(), self._pin.get_secret_value().encode()):
            return PinCheck.RIGHT
        self._wrong.append(now)
        return PinCheck.WRONG

    def locked_s(self, now: datetime) -> float:
        """Seconds until a PIN is looked at again; 0 where it is at once."""
        if len(self._wrong) < _WRONG_ALLOWED:
            return 0.0
        left = (self._wrong[0] + _WINDOW - now).total_seconds()
        # A clock that was set back must not lock the desk out for longer than the window.
        return left if 0 < left <= _WINDOW.total_seconds() else 0.0


def is_same_origin(headers: Mapping[str, str], *, public_url: str) -> bool:
    """Say whether a form was sent by a page of the board itself.

    Browsers tell by ``Sec-Fetch-Site`` on https and loopback addresses, else by ``Origin`` (both W3C/WHATWG Fetch); a
    request with neither is no browser's form and is refused.

    Args:
        headers: of the request, names in lower case.
        public_url: the board's address behind a proxy that changes ``Host``; may be empty.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(headers.get("origin", "")).netloc
    own = {headers.get("host", ""), urlsplit(public_url).netloc} - {""}
    return bool(origin) and origin in own
