"""A silence ends what is running at once: the open incidents that it covers are paged no further.

Who calls it: ``alerting.pager.service``, before every round of the escalation; setting a silence wakes the pagers.
Incidents that open under a silence end at their first step (``alerting.pager.escalation``). Lifting a silence brings
nothing back: what was silenced stays on the board and with the ED desk.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alerting.core.escalation import Decision, ended_by
from alerting.core.incidents import IncidentEvent, IncidentState
from alerting.pager import alarms, standings
from alerting.pager.clock import SteadyClock
from alerting.pager.metrics import PagerMetrics
from alerting.pager.rules import Rules
from store import incidents, silences
from store.engine import transaction
from store.silences import Silence
from store.tables import incidents as incident_table


class Silencing:
    """One pager's obedience to silences."""

    def __init__(self, engine: AsyncEngine, rules: Rules, clock: SteadyClock, metrics: PagerMetrics) -> None:
        self._engine = engine
        self._rules = rules
        self._clock = clock
        self._metrics = metrics

    async def round(self) -> int:
        """End every open incident that a silence covers; return how many.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        async with transaction(self._engine) as connection:
            in_force = await silences.in_force(connection, await self._clock.now(connection))
            covered = await _covered(connection, in_force) if in_force else []
        return sum([await self._end(incident_id) for incident_id in covered])

    async def _end(self, incident_id: str) -> int:
        async with transaction(self._engine) as connection:
            now = await self._clock.now(connection)
            incident = await incidents.lock(connection, incident_id)
            if incident is None or incident.state != IncidentState.OPEN:
                return 0
            silence = await silences.covering(connection, team=incident.team, pathway=incident.pathway, now=now)
            if silence is None:
                return 0
            standing = await standings.standing_of(connection, incident, self._rules)
            decision = ended_by(standing, IncidentEvent.SILENCED)
            why = f"silence {silence.silence_id}"
            await standings.write(connection, incident, decision, actor="pager", now=now, why=why)
            await alarms.of_incident(connection, incident, decision, self._rules, now=now)
        self._count(decision)
        return 1

    def _count(self, decision: Decision) -> None:
        self._metrics.incident_events.labels(decision.event, decision.effect).inc()
        self._metrics.incidents_ended.labels(decision.standing.state).inc()


async def _covered(connection: AsyncConnection, in_force: list[Silence]) -> list[str]:
    incident = incident_table.c
    statement = select(incident.incident_id, incident.team, incident.pathway).where(
        incident.state == IncidentState.OPEN
    )
    return [
        row.incident_id
        for row in await connection.execute(statement)
        if any(each.team in {"", row.team} and each.pathway in {"", row.pathway} for each in in_force)
    ]
