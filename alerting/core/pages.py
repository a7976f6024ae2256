"""The life of one page as a table: (state, event) -> (state, effect).

Who calls it: ``alerting.pager``, for every change of a page. It decides what a page becomes and what has to be done;
it never does it. A page is one message to one person over one channel at one step: never lost, never doubled.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class PageState(enum.StrEnum):
    """Where a page is; the words stand in the store."""

    PENDING = "pending"
    """To be sent at its due time."""
    SENDING = "sending"
    """With a pager, or in doubt: the provider may have it."""
    ACCEPTED = "accepted"
    """The provider has it and gave it a name."""
    DELIVERED = "delivered"
    """The phone network says that the phone has it."""
    FAILED = "failed"
    """It will not arrive: refused for good, or undeliverable."""
    CANCELLED = "cancelled"
    """Not needed any more: somebody acknowledged before it was sent."""


class PageEvent(enum.StrEnum):
    """What can happen to a page."""

    CLAIMED = "claimed"
    """A pager took it to send it."""
    ACCEPTED = "accepted"
    """The provider's answer, its list or its callback proves that it has the page."""
    PUT_OFF = "put_off"
    """The provider certainly did not process the attempt (429, no connection)."""
    IN_DOUBT = "in_doubt"
    """The attempt ended without a clear answer."""
    REJECTED = "rejected"
    """The provider refused for good."""
    NOT_FOUND = "not_found"
    """The provider's list does not hold it, after the settle time."""
    LOOKUP_FAILED = "lookup_failed"
    """The list could not be read; there is still time to try again."""
    LOOKUP_EXHAUSTED = "lookup_exhausted"
    """The list could not be read within the budget, and the person has no other channel."""
    GIVEN_UP = "given_up"
    """The list could not be read within the budget; the person is reached over another channel."""
    DELIVERED = "delivered"
    """Receipt: the phone has it."""
    UNDELIVERED = "undelivered"
    """Receipt: the phone will not get it."""
    NO_LONGER_NEEDED = "no_longer_needed"
    """The incident was acknowledged."""


class PageEffect(enum.StrEnum):
    """What has to be done because of an event."""

    SEND = "send"
    ADOPT = "adopt"
    """Keep the provider's name of the page."""
    RETRY_LATER = "retry_later"
    LOOK_UP_LATER = "look_up_later"
    SEND_AGAIN = "send_again"
    """Safe: the provider does not have it."""
    SEND_AGAIN_FLAGGED = "send_again_flagged"
    """Fail open: a second message is better than none; the page says ``possible_duplicate``."""
    RAISE = "raise"
    """This person was not reached on this channel: the next channel or person, at once."""
    RAISE_FLAGGED = "raise_flagged"
    """Fail open on another channel: the page says ``possible_duplicate``."""
    CLOSE = "close"
    NOTE = "note"
    """Write it in the history; nothing follows."""
    REFUSE = "refuse"
    """Cannot happen from a correct pager: change nothing, count it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a page becomes and what has to be done."""

    state: PageState
    effect: PageEffect


_S, _E, _F = PageState, PageEvent, PageEffect
_NOTED = (_E.ACCEPTED, _E.DELIVERED, _E.UNDELIVERED, _E.NO_LONGER_NEEDED)

_MOVES: dict[tuple[PageState, PageEvent], Step] = {
    (_S.PENDING, _E.CLAIMED): Step(_S.SENDING, _F.SEND),
    (_S.PENDING, _E.NO_LONGER_NEEDED): Step(_S.CANCELLED, _F.CLOSE),
    # An earlier attempt, believed not to have arrived, did arrive after all.
    (_S.PENDING, _E.ACCEPTED): Step(_S.ACCEPTED, _F.ADOPT),
    (_S.PENDING, _E.DELIVERED): Step(_S.DELIVERED, _F.ADOPT),
    (_S.PENDING, _E.UNDELIVERED): Step(_S.FAILED, _F.RAISE),
    (_S.SENDING, _E.ACCEPTED): Step(_S.ACCEPTED, _F.ADOPT),
    (_S.SENDING, _E.PUT_OFF): Step(_S.PENDING, _F.RETRY_LATER),
    (_S.SENDING, _E.IN_DOUBT): Step(_S.SENDING, _F.LOOK_UP_LATER),
    (_S.SENDING, _E.REJECTED): Step(_S.FAILED, _F.RAISE),
    (_S.SENDING, _E.NOT_FOUND): Step(_S.PENDING, _F.SEND_AGAIN),
    (_S.SENDING, _E.LOOKUP_FAILED): Step(_S.SENDING, _F.LOOK_UP_LATER),
    (_S.SENDING, _E.LOOKUP_EXHAUSTED): Step(_S.PENDING, _F.SEND_AGAIN_FLAGGED),
    (_S.SENDING, _E.GIVEN_UP): Step(_S.FAILED, _F.RAISE_FLAGGED),
    (_S.SENDING, _E.DELIVERED): Step(_S.DELIVERED, _F.ADOPT),
    (_S.SENDING, _E.UNDELIVERED): Step(_S.FAILED, _F.RAISE),
    # It may be on its way: only the provider can say, so an acknowledgement leaves it alone.
    (_S.SENDING, _E.NO_LONGER_NEEDED): Step(_S.SENDING, _F.NOTE),
    (_S.ACCEPTED, _E.DELIVERED): Step(_S.DELIVERED, _F.NOTE),
    (_S.ACCEPTED, _E.UNDELIVERED): Step(_S.FAILED, _F.RAISE),
    (_S.ACCEPTED, _E.ACCEPTED): Step(_S.ACCEPTED, _F.NOTE),
    (_S.ACCEPTED, _E.NO_LONGER_NEEDED): Step(_S.ACCEPTED, _F.NOTE),
    **{(_S.DELIVERED, event): Step(_S.DELIVERED, _F.NOTE) for event in _NOTED},
    **{(_S.FAILED, event): Step(_S.FAILED, _F.NOTE) for event in _NOTED if event is not _E.DELIVERED},
    # Receipts may come reversed; that the phone has it outweighs an earlier "undelivered".
    (_S.FAILED, _E.DELIVERED): Step(_S.DELIVERED, _F.NOTE),
    (_S.CANCELLED, _E.ACCEPTED): Step(_S.ACCEPTED, _F.ADOPT),
    (_S.CANCELLED, _E.DELIVERED): Step(_S.DELIVERED, _F.ADOPT),
    (_S.CANCELLED, _E.UNDELIVERED): Step(_S.CANCELLED, _F.NOTE),
    (_S.CANCELLED, _E.NO_LONGER_NEEDED): Step(_S.CANCELLED, _F.NOTE),
}


def advance(state: PageState, event: PageEvent) -> Step:
    """Say what ``event`` makes of a page in ``state``; pairs that cannot happen leave it and say ``refuse``."""
    return _MOVES.get((state, event), Step(state, PageEffect.REFUSE))
