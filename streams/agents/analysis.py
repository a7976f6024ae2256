"""One case on one pathway: fetch → volume → Triton → outcome, every step bounded by what is left of the budget.

Called by the analyser agent. Whatever happens, it returns an outcome: an error becomes ``failed: reason``, never
silence and never a negative. A peer that is away is tried again for as long as the budget allows.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from schemas.errors import BudgetExhausted, CodestrokeError, PermanentError, TransientError, UnsuitableSeries
from schemas.events import CaseRequested
from schemas.findings import Outcome
from schemas.ids import StudyUid
from schemas.ledger import Stage
from store.cases import Case
from streams.agents import metrics
from streams.agents.images import Images
from streams.agents.stopwatch import Stopwatch
from streams.dicom.choice import Choice, choose_series
from streams.inference.gate import Gate
from streams.pathways import Pathway, Patient
from triton_models.contracts import ModelContract
from triton_models.explanation.key_image import KeyImage
from triton_models.prepared import Prepared, RefusalState, Tensor
from triton_models.volume import Radiograph, Volume

_log = structlog.get_logger(__name__)
RESERVE_S = 1.0
"""Kept back from the budget so that a failure can still be told in time."""
_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 3.0
_LONGEST_RETRY_S = 120.0


Told = tuple[Outcome, Callable[[], KeyImage | None] | None]


class Model(Protocol):
    """A served model."""

    contract: ModelContract

    async def infer(self, inputs: Mapping[str, Tensor], *, timeout_s: float) -> dict[str, Tensor]:
        """Run the model once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an analysis gives back; ``draw`` makes the key image, where the pathway can and there is a finding."""

    outcome: Outcome
    series_reason: str = ""
    draw: Callable[[], KeyImage | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Everything needed to analyse cases of one pathway; shared by its lanes."""

    pathway: Pathway
    images: Images
    model: Model
    decode_gate: Gate
    model_gate: Gate
    scratch: Path

    async def run(self, request: CaseRequested, case: Case, watch: Stopwatch) -> Answer:
        """Analyse ``case``; never raises one of our errors."""
        reason = ""
        try:
            choice = choose_series(case.study, self.pathway.series)
            reason = choice.reason
            outcome, draw = await self._persist(request, case, choice, watch)
            return Answer(outcome, reason, draw)
        except UnsuitableSeries as error:
            answered = self._without_series(case, error)
            return Answer(answered or self._failed(case, error), reason)
        except CodestrokeError as error:
            return Answer(self._failed(case, error), reason)
        finally:
            watch.finish()

    def _failed(self, case: Case, error: CodestrokeError) -> Outcome:
        metrics.FAILURES.labels(self.pathway.name, error.reason).inc()
        _log.warning("not_analysed", case_id=case.case_id, pathway=self.pathway.name, reason=error.reason)
        return Outcome.failed(_in_words(error))

    def _without_series(self, case: Case, error: UnsuitableSeries) -> Outcome | None:
        """The outcome of a study that has no readable series, where the pathway knows what that means."""
        refused = self.pathway.without_series(case.study) if error.reason == "no_series" else None
        if refused is None:
            return None
        if refused.state is RefusalState.NOT_APPLICABLE:
            return Outcome.not_applicable(refused.reason)
        return Outcome.scored(self.pathway.read({}, Prepared({}, refused), self.model.contract, Patient()))

    async def _persist(self, request: CaseRequested, case: Case, choice: Choice, watch: Stopwatch) -> Told:
        """Try until it works, a permanent error says it never will, or the budget is spent."""
        wait_s, give_up_below = _FIRST_WAIT_S, max(RESERVE_S, watch.remaining_s() - _LONGEST_RETRY_S)
        while True:
            if watch.remaining_s() <= RESERVE_S:
                raise BudgetExhausted("deadline")
            try:
                return await self._once(request, case, choice, watch)
            except TransientError as error:
                left = watch.remaining_s() - wait_s
                if isinstance(error, BudgetExhausted) or left <= give_up_below:
                    raise
                _log.info("trying_again", case_id=case.case_id, reason=error.reason, detail=str(error), wait_s=wait_s)
                await asyncio.sleep(wait_s)
                wait_s = min(_LONGEST_WAIT_S, wait_s * 2)

    async def _once(self, request: CaseRequested, case: Case, choice: Choice, watch: Stopwatch) -> Told:
        image = await self._image(request, case, choice, watch)
        watch.enter(Stage.PREPROCESS)
        prepared = await asyncio.to_thread(self.pathway.prepare, image)
        if prepared.refusal is not None and prepared.refusal.state is RefusalState.NOT_APPLICABLE:
            return Outcome.not_applicable(prepared.refusal.reason), None
        outputs = {} if prepared.refusal is not None else await self._infer(request, prepared, watch)
        watch.enter(Stage.READ)
        patient = Patient(case.study.patient_sex, case.study.patient_age_years)
        finding = await asyncio.to_thread(self.pathway.read, outputs, prepared, self.model.contract, patient)
        explain = self.pathway.explain
        return Outcome.scored(finding), partial(explain, image, prepared, outputs, finding) if explain else None

    async def _image(self, request: CaseRequested, case: Case, choice: Choice, watch: Stopwatch) -> Volume | Radiograph:
        folder = Path(tempfile.mkdtemp(dir=self.scratch, prefix=f"{case.case_id}-"))
        try:
            watch.enter(Stage.FETCH)
            source = self.images.source(case.study.source)
            study_uid = StudyUid(case.study.study_uid)
            files = await source.fetch(study_uid, choice.series_uid, folder, timeout_s=_left(watch))
            watch.enter(Stage.GATE)
            async with self.decode_gate.slot(request.lane, request.deadline):
                watch.enter(Stage.DECODE)
                return await self.images.decode(files, self.pathway.grid, timeout_s=_left(watch))
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _infer(self, request: CaseRequested, prepared: Prepared, watch: Stopwatch) -> dict[str, Tensor]:
        watch.enter(Stage.GATE)
        async with self.model_gate.slot(request.lane, request.deadline):
            watch.enter(Stage.INFER)
            return await self.model.infer(prepared.inputs, timeout_s=_left(watch))


def _left(watch: Stopwatch) -> float:
    left = watch.remaining_s() - RESERVE_S
    if left <= 0:
        raise BudgetExhausted("deadline")
    return left


def _in_words(error: CodestrokeError) -> str:
    """The reason shown on the board; our own messages hold no patient data."""
    if isinstance(error, BudgetExhausted) and str(error) == "deadline":
        return "deadline"
    return str(error) if isinstance(error, PermanentError) else f"{error} (tried until the budget ended)"
