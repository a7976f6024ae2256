"""The overdue watch: at its deadline a case without an outcome has failed, and somebody must be told.

Who calls it: ``alerting.pager.service``. It only finds such cases; what "failed" does (worklist, ED desk, audit) is the
decider's transaction behind the port. Silence is never mistaken for negative.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.pager.clock import SteadyClock
from alerting.pager.metrics import PagerMetrics
from alerting.pager.rules import Rules
from schemas.errors import CodestrokeError
from schemas.ids import CaseId
from store.engine import transaction
from store.overdue import Overdue, overdue_cases

_log = structlog.get_logger(__name__)
_A_ROUND = 50


class OverduePort(Protocol):
    """Fails a case on a pathway because its deadline passed."""

    async def fail_overdue(self, case_id: CaseId, pathway: str, now: datetime) -> None:
        """Record the outcome ``failed: deadline``; harmless where an outcome came meanwhile.

        Raises:
            CodestrokeError: it could not be recorded; it is tried again in the next round.
        """
        ...


class OverdueWatch:
    """Finds overdue cases and fails them."""

    def __init__(
        self, engine: AsyncEngine, port: OverduePort, rules: Rules, clock: SteadyClock, metrics: PagerMetrics
    ) -> None:
        self._engine = engine
        self._port = port
        self._rules = rules
        self._clock = clock
        self._metrics = metrics

    async def round(self) -> int:
        """Fail what is overdue; return how many.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        async with transaction(self._engine) as connection:
            now = await self._clock.now(connection)
            found = await overdue_cases(connection, now=now, limit=_A_ROUND)
        for case in found:
            late_s = (now - case.deadline).total_seconds()
            _log.warning("case_overdue", case_id=case.case_id, pathway=case.pathway, late_s=round(late_s, 3))
        return sum([await self._fail(case, now) for case in found])

    async def _fail(self, case: Overdue, now: datetime) -> int:
        """Fail one case; one that cannot be failed must not keep the others waiting."""
        try:
            await self._port.fail_overdue(case.case_id, case.pathway, now)
        except CodestrokeError as error:
            _log.error("overdue_not_failed", case_id=case.case_id, pathway=case.pathway, reason=error.reason)
            return 0
        self._metrics.overdue.inc()
        return 1
