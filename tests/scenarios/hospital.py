"""Router, analyser and decider in one process on a real store, with a clock and phones that the test moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import topics
from schemas.codec import Envelope
from schemas.events import CaseOutcome, CaseRequested, StudyArrived
from schemas.priorities import Lane
from streams.agents.analyser import Analyser
from streams.agents.analysis import Analysis
from streams.agents.decider import Decider
from streams.agents.decision import Decision
from streams.agents.images import Images
from streams.agents.router import Router
from streams.core.ranking import WaitLimits
from streams.inference.gate import Gate
from streams.kafka.consume import Incoming
from streams.pathways import Pathway
from tests.fakes.clock import MovableClock
from tests.fakes.emitter import KeptEmitter
from tests.fakes.pathway import SaidImages, SaidModel
from tests.fakes.pathway import pathway as make_pathway

SITE_KEY = b"a key of the tests, 32 bytes long"


@dataclass
class Hospital:
    """Everything between the gateway and the pager, driven by hand."""

    engine: AsyncEngine
    scratch: Path
    pathway: Pathway = field(default_factory=make_pathway)
    images: SaidImages = field(default_factory=SaidImages)
    model: SaidModel = field(default_factory=SaidModel)
    clock: MovableClock = field(default_factory=MovableClock)
    emitter: KeptEmitter = field(default_factory=KeptEmitter)

    async def arrives(self, study: StudyArrived) -> list[CaseRequested]:
        """Route a study; returns the requests for analysis that came of it."""
        before = len(self._requests())
        router = Router(
            engine=self.engine,
            emitter=self.emitter,
            pathways=[self.pathway],
            site_key=SITE_KEY,
            limits=WaitLimits(),
            now=self.clock,
            budgets={},
        )
        await router.handle(study, self._incoming(study))
        return self._requests()[before:]

    async def is_analysed(self, request: CaseRequested) -> CaseOutcome:
        """Analyse a request; returns the outcome event."""
        analysis = Analysis(
            pathway=self.pathway,
            images=Images({"spool": self.images}, self.images),
            model=self.model,
            decode_gate=Gate(),
            model_gate=Gate(),
            scratch=self.scratch,
        )
        analyser = Analyser(engine=self.engine, emitter=self.emitter, analysis=analysis, now=self.clock)
        await analyser.handle(request, self._incoming(request))
        outcomes: list[CaseOutcome] = self.emitter.of(topics.CASE_OUTCOME)
        return outcomes[-1]

    async def is_decided(self, outcome: CaseOutcome) -> None:
        """Decide an outcome."""
        decider = Decider(decision=self.decision(), emitter=self.emitter, now=self.clock)
        await decider.handle(outcome, self._incoming(outcome))

    async def sees(self, study: StudyArrived) -> CaseOutcome:
        """A study goes the whole way."""
        (request,) = await self.arrives(study)
        outcome = await self.is_analysed(request)
        await self.is_decided(outcome)
        return outcome

    def decision(self) -> Decision:
        """The decision of this hospital."""
        return Decision(
            engine=self.engine,
            pathways=[self.pathway],
            limits=WaitLimits(),
            now=self.clock,
        )

    def _requests(self) -> list[CaseRequested]:
        return [item for lane in Lane for item in self.emitter.of(topics.case_requested(self.pathway.name, lane))]

    def _incoming(self, body: StudyArrived | CaseRequested | CaseOutcome) -> Incoming:
        envelope = Envelope(event_id="e", source="test", subject="", time=self.clock())
        return Incoming(body, envelope, self.clock())
