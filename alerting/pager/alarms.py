"""Telling the ED desk: a notice on the board, and a text to whoever the settings name there.

Who calls it: the escalation and the watches, in the transaction of what they found. The stroke phone is never told of
a missing result: it rings for findings alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from alerting.core.contacts import ChannelName
from alerting.core.escalation import Decision
from alerting.core.incidents import IncidentEvent
from alerting.core.notices import desk_text, with_mark
from alerting.core.planning import MessageKind
from alerting.pager.rules import Rules
from alerting.pager.standings import new_nonce
from schemas.ids import event_id_of
from store import desk, outbox
from store.desk import NoticeKind, notice_id_of
from store.incidents import Incident
from store.outbox import PageIntent

_log = structlog.get_logger(__name__)
# What is shown and not sent: it needs nobody at once, or nobody at the desk can do anything about it.
_SHOWN_ONLY = frozenset(
    {NoticeKind.RESULT_LATE, NoticeKind.SILENCED, NoticeKind.ROTA_GAP, NoticeKind.PHONE_UNREACHABLE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What the desk is to be told; ``about`` names it, so that it is told once while it stands."""

    kind: NoticeKind
    about: str
    reference: str = ""
    team: str = ""
    who: str = ""
    case_id: str | None = None
    incident_id: str | None = None


async def of_incident(
    connection: AsyncConnection, incident: Incident, decision: Decision, rules: Rules, *, now: datetime
) -> None:
    """Tell the desk why an incident ended without anybody who takes it."""
    alarm = Alarm(
        kind=_kind_of(decision),
        about=incident.incident_id,
        reference=incident.reference,
        team=incident.team,
        case_id=incident.case_id,
        incident_id=incident.incident_id,
    )
    await tell_desk(connection, rules, alarm, now=now)


async def tell_desk(connection: AsyncConnection, rules: Rules, alarm: Alarm, *, now: datetime) -> bool:
    """Raise a notice once, and text it to the desk's contacts; False where it stands already."""
    text = desk_text(alarm.kind, reference=alarm.reference, team=alarm.team, who=alarm.who)
    raised = await desk.raise_notice(
        connection,
        alarm.kind,
        about=alarm.about,
        text=text,
        now=now,
        case_id=alarm.case_id,
        incident_id=alarm.incident_id,
    )
    if raised:
        _log.critical("desk_alarm", kind=str(alarm.kind), case_id=alarm.case_id, team=alarm.team, who=alarm.who)
    if raised and alarm.kind not in _SHOWN_ONLY:
        for code in rules.settings.desk:
            await outbox.add(connection, _intent(alarm, text, code, now), now=now)
    return raised


async def clear_of_incident(connection: AsyncConnection, incident_id: str, *, by: str, now: datetime) -> None:
    """Take back what the desk was told of an incident: somebody has it."""
    for kind in (NoticeKind.NOBODY_ANSWERED, NoticeKind.ALL_DECLINED, NoticeKind.NOBODY_ON_CALL):
        await desk.clear(connection, notice_id_of(kind, incident_id), by=by, now=now)


def _intent(alarm: Alarm, text: str, code: str, now: datetime) -> PageIntent:
    page_id = event_id_of(notice_id_of(alarm.kind, alarm.about), "desk", f"{code}/{now.isoformat()}")
    return PageIntent(
        page_id=page_id,
        incident_id=None,
        recipient=code,
        channel=ChannelName.SMS,
        step=0,
        body=with_mark(text, page_id, "D"),
        nonce=new_nonce(),
        due_at=now,
        kind=MessageKind.DESK,
        reference=alarm.reference,
    )


def _kind_of(decision: Decision) -> NoticeKind:
    if decision.event is IncidentEvent.SILENCED:
        return NoticeKind.SILENCED
    if decision.event is IncidentEvent.ALL_DECLINED:
        return NoticeKind.ALL_DECLINED
    return NoticeKind.NOBODY_ANSWERED if decision.standing.asked else NoticeKind.NOBODY_ON_CALL
