"""Sends every study of a folder through the pathway as the analyser does, one after the other.

Eligibility, choice of series, geometry checks, preprocessing, served model, reading and operating point are the
pipeline's own: ``streams.agents.analysis`` runs here as it runs in a worker, without Kafka and without a store.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from codestroke.evaluation.folder import ALIAS, FolderStudies
from schemas.events import CaseRequested, StudyArrived
from schemas.findings import Outcome
from schemas.ids import case_id_of, case_reference, study_uid
from store.cases import Case
from streams.agents.analysis import Analysis, Answer, Model
from streams.agents.images import Decoder, Images
from streams.agents.stopwatch import Stopwatch
from streams.core.budget import Budget
from streams.inference.gate import Gate
from streams.pathways import Pathway
from triton_models.evidence.cases import JudgedCase, Truth
from triton_models.explanation.key_image import KeyImage

# Nobody waits for these cases: a slow disk must not turn into "deadline".
LIMIT = timedelta(minutes=10)
_log = structlog.get_logger(__name__)
_NO_KEY = b"codestroke models evaluate"
NOT_THERE = "no instance of this study is in the folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderJudge:
    """Judges studies on one pathway."""

    pathway: Pathway
    studies: FolderStudies
    decoder: Decoder
    model: Model
    scratch: Path
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def judge(self, uid: str, truth: Truth) -> JudgedCase:
        """Judge one study; a study that is not there has ``failed``."""
        start = time.perf_counter()
        study = self.studies.arrivals.get(uid)
        if study is None:
            return JudgedCase(name=uid, truth=truth, outcome=Outcome.failed(NOT_THERE), seconds=0.0)
        verdict = self.pathway.eligible(study)
        if not verdict.eligible:
            outcome = Outcome.not_applicable(verdict.reason)
            return JudgedCase(name=uid, truth=truth, outcome=outcome, seconds=time.perf_counter() - start)
        answer = await self._analysed(uid, study)
        seconds = time.perf_counter() - start
        return JudgedCase(
            name=uid,
            truth=truth,
            outcome=answer.outcome,
            seconds=seconds,
            series=answer.series_reason,
            picture=_drawn(answer.draw),
        )

    async def _analysed(self, uid: str, study: StudyArrived) -> Answer:
        now = self.now()
        case_id = case_id_of(_NO_KEY, study_uid(uid))
        lane = self.pathway.lane(study.priority)
        case = Case(
            case_id=case_id,
            reference=case_reference(case_id),
            priority=study.priority,
            revision=study.revision,
            arrived_at=now,
            acquired_at=study.clocks.acquired_at,
            study=study,
            traceparent="",
        )
        request = CaseRequested(
            case_id=case_id,
            pathway=self.pathway.name,
            lane=lane,
            revision=study.revision,
            arrived_at=now,
            deadline=now + LIMIT,
        )
        analysis = Analysis(
            pathway=self.pathway,
            images=Images({ALIAS: self.studies}, self.decoder),
            model=self.model,
            decode_gate=Gate(),
            model_gate=Gate(),
            scratch=self.scratch,
        )
        return await analysis.run(request, case, Stopwatch(Budget(now, request.deadline), self.now))


def wanted_studies(studies: FolderStudies, truths: Mapping[str, Truth]) -> Iterator[tuple[str, Truth]]:
    """Every labelled study in the order of the labels, then what else the folder holds."""
    yield from truths.items()
    unlabelled: Iterable[str] = (uid for uid in studies.arrivals if uid not in truths)
    yield from ((uid, Truth()) for uid in unlabelled)


def _drawn(draw: Callable[[], KeyImage | None] | None) -> KeyImage | None:
    """The key image; one that cannot be drawn is logged and left out, as in the pipeline."""
    if draw is None:
        return None
    try:
        return draw()
    except Exception as error:  # noqa: BLE001 - a defect in drawing must not end an evaluation
        _log.warning("no_key_image", reason=repr(error)[:200])
        return None
