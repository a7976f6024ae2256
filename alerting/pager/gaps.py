"""The watch over the rota: a gap that opens while the pager runs is shown at the ED desk until it is filled.

Who calls it: ``alerting.pager.service``, where the rota can tell its gaps. At its start the pager refuses to run with a
gap; later it must go on for everybody else, but a restart would be refused: somebody has to know before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.core.rota import Gap
from alerting.pager import alarms
from alerting.pager.alarms import Alarm
from alerting.pager.clock import SteadyClock
from alerting.pager.rules import Rules
from store import desk
from store.desk import NoticeKind, notice_id_of
from store.engine import transaction

_log = structlog.get_logger(__name__)
AHEAD = timedelta(days=30)
"""As far as the check at the start looks."""

Gaps = Callable[[datetime, datetime], Sequence[Gap]]
"""The stretches of a time in which a tier has nobody who can be reached."""


class GapWatch:
    """Shows teams that will have nobody to page."""

    def __init__(self, engine: AsyncEngine, gaps: Gaps, rules: Rules, clock: SteadyClock) -> None:
        self._engine = engine
        self._gaps = gaps
        self._rules = rules
        self._clock = clock

    async def round(self) -> int:
        """Show every team with a gap and take back what was filled; return how many teams have one.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        async with transaction(self._engine) as connection:
            now = await self._clock.now(connection)
            short = {gap.team for gap in self._gaps(now, now + AHEAD)}
            for team in self._rules.settings.teams:
                if team not in short:
                    await desk.clear(connection, notice_id_of(NoticeKind.ROTA_GAP, team), by="pager", now=now)
                elif await alarms.tell_desk(connection, self._rules, _alarm(team), now=now):
                    _log.error("rota_gap", team=team)
        return len(short)


def _alarm(team: str) -> Alarm:
    return Alarm(kind=NoticeKind.ROTA_GAP, about=team, team=team)
