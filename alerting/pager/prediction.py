"""The watch that looks ahead: a case that will probably miss its deadline is shown to the ED desk before it does.

Who calls it: ``alerting.pager.service``. It shows and never pages: somebody may read the images by eye meanwhile. The
notice goes when the result comes (``alerting.pager.overdue.clear_decided``), or gives way to that of the missed
deadline.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alerting.core.prediction import Outlook, outlook
from alerting.pager import alarms
from alerting.pager.alarms import Alarm
from alerting.pager.clock import SteadyClock
from alerting.pager.metrics import PagerMetrics
from alerting.pager.overdue import about, clear_decided
from alerting.pager.rules import Rules
from store import overdue
from store.desk import NoticeKind
from store.engine import transaction
from store.overdue import Watched

_log = structlog.get_logger(__name__)
_HISTORY = 200
_HISTORY_KEPT_S = 60.0
_A_ROUND = 200


class PredictionWatch:
    """Finds cases that will probably be late."""

    def __init__(self, engine: AsyncEngine, rules: Rules, clock: SteadyClock, metrics: PagerMetrics) -> None:
        self._engine = engine
        self._rules = rules
        self._clock = clock
        self._metrics = metrics
        self._durations: Mapping[str, Sequence[float]] = {}
        self._read_at_s: float | None = None

    async def round(self) -> int:
        """Show every case that will probably be late; return how many were not shown before.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        async with transaction(self._engine) as connection:
            now = await self._clock.now(connection)
            waiting = await overdue.waiting(connection, now=now, limit=_A_ROUND)
            if waiting:
                await self._read_history(connection)
            raised = 0
            for case in waiting:
                expected = self._outlook(case, (now - case.requested_at).total_seconds())
                if expected.is_late and await alarms.tell_desk(connection, self._rules, _alarm(case), now=now):
                    raised += 1
                    self._metrics.predicted_late.labels(expected).inc()
                    _log.warning("case_will_be_late", case_id=case.case_id, pathway=case.pathway, why=str(expected))
            await clear_decided(connection, now=now)
        return raised

    def _outlook(self, case: Watched, age_s: float) -> Outlook:
        return outlook(
            self._durations.get(case.pathway, ()),
            age_s=max(0.0, age_s),
            budget_s=(case.deadline - case.requested_at).total_seconds(),
            least_share=self._rules.settings.late_share,
        )

    async def _read_history(self, connection: AsyncConnection) -> None:
        """Read the recent durations once a minute: they change slowly, and the query reads many rows."""
        now_s = time.monotonic()
        if self._read_at_s is None or now_s - self._read_at_s > _HISTORY_KEPT_S:
            self._durations = await overdue.recent_durations(connection, per_pathway=_HISTORY)
            self._read_at_s = now_s


def _alarm(case: Watched) -> Alarm:
    name = about(case.case_id, case.pathway)
    return Alarm(kind=NoticeKind.RESULT_LATE, about=name, reference=case.reference, case_id=case.case_id)
