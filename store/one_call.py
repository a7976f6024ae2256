"""One call at a time to one person: which pages by voice may be claimed now.

Who calls it: ``store.leases``, in the claim. Of a call the provider's list tells no more than number and time, so of
two calls in doubt to one person nobody could say which one was accepted. While a call is under way or in doubt, the
next one to that person waits; of several that wait the earliest goes first. Nobody can take two calls at once anyway.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import page_outbox

_VOICE = "voice"
_CLAIM_LOCK = 0x0CA11
"""Key of the advisory lock; any number that nothing else in the database uses."""


def no_other_call() -> ColumnElement[bool]:
    """The condition on a page to be claimed; exact only under ``one_claim_at_a_time``."""
    other, mine = page_outbox.alias("other"), page_outbox.c
    earlier = tuple_(other.c.due_at, other.c.page_id) < tuple_(mine.due_at, mine.page_id)
    in_the_way = exists().where(
        other.c.channel == _VOICE,
        other.c.recipient == mine.recipient,
        other.c.page_id != mine.page_id,
        or_(other.c.state == "sending", and_(other.c.state == "pending", earlier)),
    )
    return or_(mine.channel != _VOICE, ~in_the_way)


async def one_claim_at_a_time(connection: AsyncConnection) -> None:
    """Until the transaction ends, no other pager claims: two could each claim one of two calls to one person."""
    await connection.execute(select(func.pg_advisory_xact_lock(_CLAIM_LOCK)))
