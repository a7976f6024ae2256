"""Takes the steps that are due and finds another way where a page failed; alarms the ED desk where nobody answers.

Who calls it: ``alerting.pager.service``, at every wake-up of the store and at least every ``poll_s``. Each incident is
one transaction under its lock, so several pagers take each step once. Instants stand in the store: a restart changes
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alerting.core.contacts import ChannelName, Contact
from alerting.core.escalation import Decision, Standing, Wanted, ended_by, take_step, unreachable
from alerting.core.incidents import IncidentEffect, IncidentEvent, IncidentState
from alerting.core.inhibition import is_muted
from alerting.core.pages import PageState
from alerting.core.planning import MessageKind, Sent, second_ways
from alerting.pager import alarms, standings
from alerting.pager.alarms import Alarm
from alerting.pager.clock import SteadyClock
from alerting.pager.metrics import PagerMetrics
from alerting.pager.rules import Rules
from store import incidents, phones, silences
from store.desk import NoticeKind
from store.engine import transaction
from store.incidents import Incident
from store.tables import incidents as incident_table
from store.tables import page_outbox

_log = structlog.get_logger(__name__)
_A_ROUND = 50
_SLACK = timedelta(seconds=5)
_AFTERMATH = timedelta(minutes=10)


class Escalation:
    """One pager's care for the incidents."""

    def __init__(
        self, engine: AsyncEngine, rules: Rules, clock: SteadyClock, metrics: PagerMetrics, *, keys: bool
    ) -> None:
        self._engine = engine
        self._rules = rules
        self._clock = clock
        self._metrics = metrics
        self._keys = keys

    async def round(self) -> int:
        """Mend what failed and take every step that is due; return how many incidents were changed.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        mended = sum([await self._mend(incident_id, step) for incident_id, step in await self._broken()])
        steps = 0
        while steps < _A_ROUND and await self._step():
            steps += 1
        return mended + steps

    async def _step(self) -> bool:
        async with transaction(self._engine) as connection:
            now = await self._clock.now(connection)
            beyond = now + self._rules.longest_gap + _SLACK
            incident = await incidents.lock_due(connection, now=now, beyond=beyond)
            if incident is None:
                return False
            decision, why = await self._decide(connection, incident, now)
            await standings.write(connection, incident, decision, actor="pager", now=now, why=why)
            await standings.add_pages(
                connection, incident, decision.pages, step=decision.step, keys=self._keys, now=now
            )
            if decision.effect is IncidentEffect.ALARM or decision.event is IncidentEvent.SILENCED:
                await alarms.of_incident(connection, incident, decision, self._rules, now=now)
        self._count(incident, decision, now)
        return True

    async def _decide(self, connection: AsyncConnection, incident: Incident, now: datetime) -> tuple[Decision, str]:
        standing = await standings.standing_of(connection, incident, self._rules)
        silence = await silences.covering(connection, team=incident.team, pathway=incident.pathway, now=now)
        if silence is not None:
            return ended_by(standing, IncidentEvent.SILENCED), f"silence {silence.silence_id}"
        others = [
            other
            for other in await incidents.of_case(connection, incident.case_id)
            if other.incident_id != incident.incident_id
        ]
        if is_muted(incident.urgency, [(other.urgency, IncidentState(other.state)) for other in others]):
            return ended_by(standing, IncidentEvent.MUTED), "graver finding of the case"
        return await self._taken(connection, incident, standing, now), ""

    async def _taken(
        self, connection: AsyncConnection, incident: Incident, standing: Standing, now: datetime
    ) -> Decision:
        policy, tiers = self._rules.policy(incident.team), self._rules.tiers(incident.team, now)
        return take_step(standing, policy, tiers, blocked=await _blocked(connection), now=now)

    async def _broken(self) -> list[tuple[str, int]]:
        """Steps some page of which failed: the newest of open incidents, and any where a page was given up.

        A page is given up only because another channel is to reach its person, whatever became of the incident
        meanwhile; one that nobody has stays in question for a while after its last step.
        """
        page, incident = page_outbox.c, incident_table.c
        newest = and_(incident.state == IncidentState.OPEN, page.step == incident.step - 1)
        waits = or_(
            incident.state == IncidentState.OPEN,
            and_(incident.state == IncidentState.EXHAUSTED, incident.ended_at > func.clock_timestamp() - _AFTERMATH),
        )
        given_up = and_(waits, page.possible_duplicate, ~_has_sibling())
        statement = (
            select(incident.incident_id, page.step)
            .distinct()
            .join(page_outbox, page.incident_id == incident.incident_id)
            .where(page.kind == MessageKind.PAGE, page.state == PageState.FAILED, or_(newest, given_up))
            .limit(_A_ROUND)
        )
        async with transaction(self._engine) as connection:
            return [(row.incident_id, row.step) for row in await connection.execute(statement)]

    async def _mend(self, incident_id: str, step: int) -> int:
        """Another channel for whom no page of a step can reach; the next step where there is none."""
        async with transaction(self._engine) as connection:
            now = await self._clock.now(connection)
            incident = await incidents.lock(connection, incident_id)
            if incident is None or incident.state not in {IncidentState.OPEN, IncidentState.EXHAUSTED}:
                return 0
            standing = await standings.standing_of(connection, incident, self._rules)
            sent = await _sent(connection, incident_id, step)
            people = self._rules.known(
                [code for code in dict.fromkeys(page.recipient for page in sent) if _wanted(code, standing)]
            )
            ways, nobody = second_ways(sent, people, blocked=await _blocked(connection))
            added = await standings.add_pages(
                connection, incident, ways, step=step, keys=self._keys, now=now, instead=True
            )
            await self._tell_of_phones(connection, sent, people, ways, now)
            stuck = nobody and people and step == incident.step - 1
            if stuck and standing.due_at is not None and standing.due_at > now:
                decision = unreachable(standing, now)
                await standings.write(connection, incident, decision, actor="pager", now=now)
                return 1
        return min(added, 1)

    async def _tell_of_phones(
        self,
        connection: AsyncConnection,
        sent: Sequence[Sent],
        people: Sequence[Contact],
        ways: Sequence[Wanted],
        now: datetime,
    ) -> None:
        """Show the desk whom no channel reaches: their number may be wrong, and the next case needs them."""
        helped = {way.contact.code for way in ways} | {
            page.recipient for page in sent if page.state != PageState.FAILED
        }
        for person in people:
            if person.code not in helped:
                alarm = Alarm(kind=NoticeKind.PHONE_UNREACHABLE, about=person.code, who=person.code)
                await alarms.tell_desk(connection, self._rules, alarm, now=now)

    def _count(self, incident: Incident, decision: Decision, now: datetime) -> None:
        self._metrics.incident_events.labels(decision.event, decision.effect).inc()
        if decision.effect is IncidentEffect.PAGE:
            late = (now - (incident.next_step_at or now)).total_seconds()
            self._metrics.step_late_seconds.labels(str(decision.step)).observe(max(0.0, late))
        if decision.standing.state is not IncidentState.OPEN:
            self._metrics.incidents_ended.labels(decision.standing.state).inc()


def _has_sibling() -> ColumnElement[bool]:
    """Whether the page's person has a page of the same step over another channel."""
    page, other = page_outbox.c, page_outbox.alias("other").c
    return exists().where(
        other.incident_id == page.incident_id,
        other.recipient == page.recipient,
        other.step == page.step,
        other.page_id != page.page_id,
    )


def _wanted(code: str, standing: Standing) -> bool:
    return code not in standing.took | standing.declined


async def _blocked(connection: AsyncConnection) -> frozenset[tuple[str, ChannelName]]:
    names = {str(name): name for name in ChannelName}
    return frozenset(
        (person, names[channel]) for person, channel in await phones.opted_out(connection) if channel in names
    )


async def _sent(connection: AsyncConnection, incident_id: str, step: int) -> list[Sent]:
    page = page_outbox.c
    statement = select(page.recipient, page.channel, page.state).where(
        page.incident_id == incident_id, page.kind == MessageKind.PAGE, page.step == step
    )
    return [
        Sent(row.recipient, ChannelName(row.channel), PageState(row.state))
        for row in await connection.execute(statement)
    ]
