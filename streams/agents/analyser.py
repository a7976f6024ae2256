"""The analyser: takes requests of one pathway from its two lanes and gives each an outcome.

One agent a lane, so that urgent work never queues behind routine work in the log; both share the gates in front of the
decode pool and the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import topics
from schemas.errors import CodestrokeError, MalformedEvent
from schemas.events import CaseOutcome, CaseRequested
from schemas.findings import Outcome
from schemas.ledger import Ledger, Stage, seconds_by_stage
from store.cases import Case, find
from store.engine import transaction
from streams.agents import metrics
from streams.agents.analysis import Analysis, Answer
from streams.agents.explaining import Explaining
from streams.agents.stopwatch import Stopwatch
from streams.core.budget import Budget
from streams.kafka.consume import Incoming
from streams.kafka.emit import Emitter, make_record

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Analyser:
    """Handles requests of one pathway."""

    engine: AsyncEngine
    emitter: Emitter
    analysis: Analysis
    now: Callable[[], datetime]

    async def handle(self, request: CaseRequested, incoming: Incoming) -> None:
        """Analyse one case and produce its outcome, then keep its key image.

        Raises:
            MalformedEvent: the case is not registered, or the request is of another pathway.
            PeerUnavailable: the store or the broker is away.
        """
        if request.pathway != self.analysis.pathway.name:
            raise MalformedEvent(f"request of pathway {request.pathway[:20]!r}", reason="foreign_pathway")
        async with transaction(self.engine) as connection:
            case = await find(connection, request.case_id)
        if case is None:
            raise MalformedEvent("case is not in the register", reason="unknown_case")
        if case.revision > request.revision:
            _log.info("superseded", case_id=case.case_id, revision=request.revision)
            return  # a request for the newer revision is on its way
        watch = Stopwatch(Budget(request.arrived_at, request.deadline, request.ledger), self.now)
        watch.book(Stage.TRANSIT, incoming.received_at)
        answer = await self.analysis.run(request, case, watch)
        await self._tell(request, case, answer, watch)
        if answer.draw is not None:
            await Explaining(engine=self.engine, now=self.now).explain(request, answer.draw)

    async def fail(self, request: CaseRequested, incoming: Incoming, error: BaseException) -> None:
        """Give a request that could not be handled its ``failed`` outcome."""
        reason = error.reason if isinstance(error, CodestrokeError) else "internal defect"
        body = self._outcome(request, Answer(Outcome.failed(reason)), request.ledger)
        await self._emit(body, incoming.envelope.traceparent)

    async def _tell(self, request: CaseRequested, case: Case, answer: Answer, watch: Stopwatch) -> None:
        ledger = watch.finish()
        for stage, seconds in seconds_by_stage(ledger).items():
            metrics.STAGE_SECONDS.labels(request.pathway, stage).observe(seconds)
        await self._emit(self._outcome(request, answer, ledger), case.traceparent)

    def _outcome(self, request: CaseRequested, answer: Answer, ledger: Ledger) -> CaseOutcome:
        return CaseOutcome(
            case_id=request.case_id,
            pathway=request.pathway,
            revision=request.revision,
            outcome=answer.outcome,
            arrived_at=request.arrived_at,
            deadline=request.deadline,
            ledger=ledger,
            series_reason=answer.series_reason,
        )

    async def _emit(self, body: CaseOutcome, traceparent: str) -> None:
        record = make_record(
            topics.CASE_OUTCOME,
            body.case_id,
            body,
            case_id=body.case_id,
            content=f"{body.pathway}/{body.revision}/{body.outcome.kind}",
            source=body.pathway,
            now=self.now(),
            traceparent=traceparent,
            deadline=body.deadline,
        )
        await self.emitter.emit(record)
