"""One evaluation of a folder, from the files to the figures and the report."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import track

from codestroke.evaluation.engine import Engine, opened
from codestroke.evaluation.folder import FolderStudies, read_folder
from codestroke.evaluation.judge import FolderJudge, wanted_studies
from codestroke.evaluation.labels import read_labels
from schemas.errors import BadSettings
from streams.agents.analysis import Model
from streams.dicom.pool import DecodePool
from streams.inference.settings import TritonSettings
from streams.pathways import Pathway, find_pathway
from triton_models.contracts import ModelContract, load_contract, model_ref
from triton_models.evidence.cases import JudgedCase, as_row
from triton_models.evidence.figures import figures_of, grouped
from triton_models.evidence.report import Subject, write_report

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRun:
    """What to judge, and who runs the model."""

    pathway: str
    dicom: Path
    labels: Path | None = None
    engine: Engine = Engine.AUTO
    triton: TritonSettings = field(default_factory=TritonSettings)
    cache: Path = Path("~/.cache/codestroke")
    prevalence: float | None = None

    async def run(self, report: Path | None = None) -> dict[str, object]:
        """Judge everything; returns the figures and ``cases``, and writes the report where one is wanted.

        Raises:
            BadSettings: no such pathway or folder, or labels that cannot be read.
            CodestrokeError: the model cannot be served.
        """
        console = Console(stderr=True)
        pathway = find_pathway(self.pathway)
        contract = load_contract(pathway.model)
        truths = read_labels(self.labels) if self.labels else {}
        studies = read_folder(self.dicom, now=datetime.now(UTC), progress=lambda it: _tracked(it, "headers", console))
        if not studies.arrivals:
            raise BadSettings(f"{self.dicom} holds no DICOM instance", reason="no_dicom")
        async with opened(self.engine, contract, self.triton, cache=self.cache, console=console) as (model, engine):
            wanted = list(wanted_studies(studies, truths))
            with _workshop() as (decoder, scratch):
                await decoder.warm_up()
                judge = FolderJudge(pathway=pathway, studies=studies, decoder=decoder, model=model, scratch=scratch)
                cases = [await judge.judge(*item) for item in _tracked(wanted, "studies", console)]
        return self._told(pathway, model, engine, studies, cases, report)

    def _told(
        self,
        pathway: Pathway,
        model: Model,
        engine: str,
        studies: FolderStudies,
        cases: list[JudgedCase],
        report: Path | None,
    ) -> dict[str, object]:
        found: dict[str, object] = {
            "pathway": pathway.name,
            "model": _named(model.contract),
            "engine": engine,
            "passed_over_files": studies.passed_over,
            **figures_of(cases, prevalence=self.prevalence),
            "groups": grouped(cases),
        }
        if report is not None:
            subject = Subject(pathway.title, f"{len(cases)} DICOM studies of a folder", model.contract)
            found["report"] = str(write_report(report, subject, cases, found))
        return found | {"cases": [as_row(case) for case in cases]}


def _named(contract: ModelContract) -> dict[str, str]:
    ref = model_ref(contract)
    return {"name": ref.name, "version": ref.version, "operating_point": ref.operating_point, "sha256": ref.sha256}


@contextlib.contextmanager
def _workshop() -> Iterator[tuple[DecodePool, Path]]:
    decoder = DecodePool()
    try:
        with tempfile.TemporaryDirectory(prefix="codestroke-evaluation-") as scratch:
            yield decoder, Path(scratch)
    finally:
        decoder.close()


def _tracked(items: Iterable[_T], what: str, console: Console) -> Iterable[_T]:
    known = list(items)
    return track(known, what, total=len(known), console=console)
