"""One person's answer to one incident, however it came: text, key or board. The same rules for all.

Who calls it: ``alerting.pager.answers``, ``alerting.pager.keypresses`` and the board's form, inside their transaction.
The decision is the core's; this writes it down and takes back what need not be sent any more.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from alerting.core.contacts import Contact
from alerting.core.escalation import Decision, Standing, answered
from alerting.core.incidents import IncidentEffect, IncidentEvent, IncidentState
from alerting.core.pages import PageState
from alerting.core.replies import ReplyKind
from alerting.pager import alarms, standings
from alerting.pager.claimed import not_needed
from alerting.pager.columns import Happening
from alerting.pager.journal import Journal
from alerting.pager.metrics import PagerMetrics
from alerting.pager.rules import Rules
from store import incidents, pages, phones
from store.incidents import Answer, Incident
from store.pages import PageRow


class Taken(enum.StrEnum):
    """What an answer did to an incident."""

    ACKNOWLEDGED = "acknowledged"
    PARTLY_ACKNOWLEDGED = "partly_acknowledged"
    """A person of another role must take it too."""
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    """Somebody was earlier; recorded all the same."""
    ESCALATED = "escalated"
    DECLINED = "declined"
    GIVEN_BACK = "given_back"
    OVER = "over"
    """The incident is not being paged any more; recorded, nothing changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What became of an answer; ``told`` are page changes to tell of after the commit."""

    result: Taken
    incident: Incident
    person: Contact
    told: tuple[tuple[PageRow, str, Happening], ...] = ()
    holder: str = ""
    """Code of whoever has it."""


@dataclass(frozen=True, slots=True)
class Taking:
    """Applies answers to incidents."""

    rules: Rules
    journal: Journal
    metrics: PagerMetrics
    actor: str = "pager"
    _ways: frozenset[str] = field(default=frozenset({"sms", "voice"}))

    async def apply(
        self,
        connection: AsyncConnection,
        incident_id: str,
        person: Contact,
        *,
        kind: ReplyKind,
        how: str,
        now: datetime,
    ) -> Deed | None:
        """Apply an answer to an incident; None where there is no such incident.

        Raises:
            ValueError: ``kind`` is none of acknowledge, escalate, decline.
        """
        incident = await incidents.lock(connection, incident_id)
        if incident is None:
            return None
        standing = await standings.standing_of(connection, incident, self.rules)
        row = await pages.paged_as(connection, incident_id, [person.code])
        decision = answered(
            standing,
            self.rules.policy(incident.team),
            self.rules.tiers(incident.team, now),
            person=person,
            kind=kind,
            step=row.step if row else incident.step - 1,
            now=now,
        )
        await incidents.add_answer(connection, incident_id, Answer(person=person.code, kind=str(kind), how=how, at=now))
        await self._write(connection, incident, decision, person=person, how=how, now=now)
        told = await self._take_back(connection, incident, decision, person=person, now=now)
        result = _result(incident, standing, decision, person, kind)
        return Deed(result=result, incident=incident, person=person, told=told, holder=incident.acknowledged_by)

    async def learn(self, connection: AsyncConnection, person: Contact, how: str, *, now: datetime) -> None:
        """Keep that a person answered this way; after all incidents of the answer, as the order of locks demands."""
        if how in self._ways:
            await phones.learn(connection, person.code, how, answered_at=now)

    async def _write(
        self,
        connection: AsyncConnection,
        incident: Incident,
        decision: Decision,
        *,
        person: Contact,
        how: str,
        now: datetime,
    ) -> None:
        await standings.write(connection, incident, decision, actor=self.actor, now=now, why=f"{person.code} by {how}")
        if decision.standing.state is IncidentState.ACKNOWLEDGED and incident.state != IncidentState.ACKNOWLEDGED:
            values = {"acknowledged_at": now, "acknowledged_by": person.code, "acknowledged_how": how}
            await incidents.change(connection, incident.incident_id, **values)
            await alarms.clear_of_incident(connection, incident.incident_id, by=person.code, now=now)
        if decision.standing.state is IncidentState.ACKNOWLEDGED and person.code not in decision.standing.took:
            holder = min(decision.standing.took, default="")
            if incident.acknowledged_by == person.code and holder:
                await incidents.change(connection, incident.incident_id, acknowledged_by=holder)
        if decision.effect is IncidentEffect.ALARM:
            await alarms.of_incident(connection, incident, decision, self.rules, now=now)
        self.metrics.incident_events.labels(decision.event, decision.effect).inc()
        if decision.standing.state is not IncidentState.OPEN and incident.state == IncidentState.OPEN:
            self.metrics.incidents_ended.labels(decision.standing.state).inc()

    async def _take_back(
        self, connection: AsyncConnection, incident: Incident, decision: Decision, *, person: Contact, now: datetime
    ) -> tuple[tuple[PageRow, str, Happening], ...]:
        """Cancel what was not sent yet: everything where somebody has it or nobody can, else this person's pages."""
        over = decision.standing.state not in {IncidentState.OPEN, IncidentState.EXHAUSTED}
        closed = []
        for row in await pages.lock_all(connection, [incident.incident_id]):
            if row.state != PageState.PENDING or row.kind != "page":
                continue
            happening = not_needed(row, now)
            if (over or row.recipient == person.code) and await self.journal.apply(connection, row, happening):
                closed.append((row, str(PageState.CANCELLED), happening))
        return tuple(closed)


def _result(incident: Incident, before: Standing, decision: Decision, person: Contact, kind: ReplyKind) -> Taken:
    state = IncidentState(incident.state)
    if kind is ReplyKind.ACKNOWLEDGE:
        if state is IncidentState.ACKNOWLEDGED and person.code not in before.took:
            return Taken.ALREADY_ACKNOWLEDGED
        partly = decision.event is IncidentEvent.PARTLY_ACKNOWLEDGED
        return Taken.PARTLY_ACKNOWLEDGED if partly else Taken.ACKNOWLEDGED
    if kind is ReplyKind.DECLINE and person.code in before.took:
        # Where others hold it still, nobody is asked anew.
        return Taken.ALREADY_ACKNOWLEDGED if decision.event is IncidentEvent.NOTED else Taken.GIVEN_BACK
    if state is IncidentState.ACKNOWLEDGED:
        return Taken.ALREADY_ACKNOWLEDGED
    if state is not IncidentState.OPEN:
        return Taken.OVER
    return Taken.ESCALATED if kind is ReplyKind.ESCALATE else Taken.DECLINED
