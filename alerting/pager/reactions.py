"""Answering answers: every reply by text gets one, within a limit that ends a loop of two machines.

Who calls it: ``alerting.pager.answers``, in the transaction that recorded the reply, so that it is answered once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from alerting.core.contacts import ChannelName, Contact
from alerting.core.notices import Reaction, reaction_text, with_mark
from alerting.core.planning import MessageKind
from alerting.pager.standings import new_nonce
from schemas.ids import event_id_of
from store import outbox
from store.outbox import PageIntent
from store.tables import page_outbox

STRANGER = "unknown"
"""Stands as the recipient of an answer to a number that is nobody's."""
_WINDOW = timedelta(hours=1)
_IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What to say to a reply: ``code`` of the case that it named, ``who`` has the case, whether it changed anything."""

    reaction: Reaction
    message_sid: str
    code: str = ""
    who: str = ""
    changed: bool = False


async def react(connection: AsyncConnection, said: Said, *, to: Contact | str, limit: int, now: datetime) -> bool:
    """Write the answer to a reply into the outbox.

    Args:
        connection: of the transaction that recorded the reply.
        said: what to say.
        to: the person, or the number of nobody known.
        limit: answers an hour to one person or number for replies that changed nothing; others are always answered.
        now: aware UTC.

    Returns:
        False where the limit is reached.
    """
    recipient, number = (to.code, None) if isinstance(to, Contact) else (STRANGER, to)
    if not said.changed and await _idle_answers(connection, recipient, number, now) >= limit:
        return False
    page_id = event_id_of(said.message_sid, "notice", recipient)
    intent = PageIntent(
        page_id=page_id,
        incident_id=None,
        recipient=recipient,
        to_number=number,
        channel=ChannelName.SMS,
        step=0,
        body=with_mark(reaction_text(said.reaction, code=said.code, who=said.who), page_id),
        nonce=new_nonce(),
        due_at=now,
        kind=MessageKind.NOTICE,
        reference="" if said.changed else _IDLE,
    )
    return await outbox.add(connection, intent, now=now)


async def _idle_answers(connection: AsyncConnection, recipient: str, number: str | None, now: datetime) -> int:
    page = page_outbox.c
    statement = (
        select(func.count())
        .select_from(page_outbox)
        .where(
            page.kind == MessageKind.NOTICE,
            page.reference == _IDLE,
            page.recipient == recipient,
            page.to_number.is_(None) if number is None else page.to_number == number,
            page.created_at > now - _WINDOW,
        )
    )
    return int((await connection.execute(statement)).scalar_one())
