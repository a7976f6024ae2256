"""The overdue watch: at its deadline a case without an outcome has failed, and the ED desk is told, once.

Who calls it: ``alerting.pager.service``. It only finds such cases; what "failed" does (worklist, audit) is the
decider's transaction behind the port. Silence is never mistaken for negative, and the stroke phone never rings for it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alerting.pager import alarms
from alerting.pager.alarms import Alarm
from alerting.pager.clock import SteadyClock
from alerting.pager.metrics import PagerMetrics
from alerting.pager.rules import Rules
from schemas.errors import CodestrokeError
from schemas.ids import CaseId
from store import desk, overdue
from store.desk import NoticeKind, notice_id_of
from store.engine import transaction
from store.overdue import Overdue, Told, Watched

_log = structlog.get_logger(__name__)
_A_ROUND = 50
_LOOKED_BACK = timedelta(hours=1)
"""A pager that died between failing a case and telling of it is made good for by the next one within this time."""


class OverduePort(Protocol):
    """Fails a case on a pathway because its deadline passed."""

    async def fail_overdue(self, case_id: CaseId, pathway: str, now: datetime) -> None:
        """Record the outcome ``failed: deadline``; harmless where an outcome came meanwhile.

        Raises:
            CodestrokeError: it could not be recorded; it is tried again in the next round.
        """
        ...


class OverdueWatch:
    """Finds overdue cases, fails them and tells the ED desk."""

    def __init__(
        self, engine: AsyncEngine, port: OverduePort, rules: Rules, clock: SteadyClock, metrics: PagerMetrics
    ) -> None:
        self._engine = engine
        self._port = port
        self._rules = rules
        self._clock = clock
        self._metrics = metrics
        self._to_tell = True

    async def round(self) -> int:
        """Fail what is overdue and tell of it; return how many were failed.

        Raises:
            PeerUnavailable: PostgreSQL does not answer; what was not told is told in a later round.
        """
        async with transaction(self._engine) as connection:
            now = await self._clock.now(connection)
            found = await overdue.overdue_cases(connection, now=now, limit=_A_ROUND)
        for case in found:
            late_s = (now - case.deadline).total_seconds()
            _log.warning("case_overdue", case_id=case.case_id, pathway=case.pathway, late_s=round(late_s, 3))
        self._to_tell |= bool(found)
        failed = sum([await self._fail(case, now) for case in found])
        if self._to_tell:
            await self._tell()
            self._to_tell = False
        async with transaction(self._engine) as connection:
            await clear_decided(connection, now=now)
        return failed

    async def _fail(self, case: Overdue, now: datetime) -> int:
        """Fail one case; one that cannot be failed must not keep the others waiting."""
        try:
            await self._port.fail_overdue(case.case_id, case.pathway, now)
        except CodestrokeError as error:
            _log.error("overdue_not_failed", case_id=case.case_id, pathway=case.pathway, reason=error.reason)
            return 0
        self._metrics.overdue.inc()
        return 1

    async def _tell(self) -> None:
        """Tell of every case that failed at its deadline and was never told of: the store is the list of them."""
        async with transaction(self._engine) as connection:
            now = await self._clock.now(connection)
            missed = await overdue.missed_since(connection, now - _LOOKED_BACK)
            known = await desk.ever_raised(connection, [_notice_of(case) for case in missed])
            for case in missed:
                if _notice_of(case) not in known:
                    await alarms.tell_desk(connection, self._rules, _alarm(case), now=now)


async def clear_decided(connection: AsyncConnection, *, now: datetime) -> None:
    """Take back what was told of a case whose result is there; a result that is merely late no longer is one."""
    for told in await overdue.told_of(connection, [NoticeKind.RESULT_OVERDUE, NoticeKind.RESULT_LATE]):
        if _is_past(told):
            await desk.clear(connection, told.notice_id, by="pager", now=now)


def about(case_id: str, pathway: str) -> str:
    """What a notice about a case on a pathway is named by."""
    return f"{case_id}/{pathway}"


def _is_past(told: Told) -> bool:
    name = about(told.case_id, told.pathway)
    if told.notice_id == notice_id_of(NoticeKind.RESULT_OVERDUE, name):
        return told.decided and not told.failed
    return told.notice_id == notice_id_of(NoticeKind.RESULT_LATE, name) and told.decided


def _notice_of(case: Watched) -> str:
    return notice_id_of(NoticeKind.RESULT_OVERDUE, about(case.case_id, case.pathway))


def _alarm(case: Watched) -> Alarm:
    return Alarm(
        kind=NoticeKind.RESULT_OVERDUE,
        about=about(case.case_id, case.pathway),
        reference=case.reference,
        case_id=case.case_id,
    )
