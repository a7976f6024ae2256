"""A folder of DICOM files as studies: read as the gateway reads what it receives, fetched as the analyser fetches.

Files may lie in any tree under any name. Nothing is copied and nothing is written. A file that is not DICOM is passed
over and counted; one that repeats a SOPInstanceUID is passed over, as the gateway keeps the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from schemas.errors import BadDicom, BadSettings, BudgetExhausted, PeerUnavailable
from schemas.events import StudyArrived
from schemas.ids import SeriesUid, StudyUid
from streams.core.readiness import ReadinessRule
from streams.gateway.arrival import ArrivalMaker, Readiness
from streams.gateway.facts import HEADER_KEYWORDS, FactsReader, InstanceFacts, values_of
from streams.gateway.index import PIXELS_NOT_SEEN, HeldInstance, HeldProblem, HeldStudy

ALIAS = "folder"
_NO_KEY = b"codestroke models evaluate"


@dataclass(frozen=True, slots=True)
class FolderStudies:
    """The studies of a folder.

    Attributes:
        arrivals: by StudyInstanceUID, the event that the gateway would have announced.
        files: by study and series, the files.
        passed_over: how many files were no DICOM instance.
    """

    arrivals: dict[str, StudyArrived]
    files: dict[tuple[str, str], list[Path]]
    passed_over: int

    async def fetch(self, study_uid: StudyUid, series_uid: SeriesUid, into: Path, *, timeout_s: float) -> list[Path]:
        """Return the files of a series where they lie; ``into`` stays unused. Errors as ``ImageSource.fetch``."""
        del into
        if timeout_s <= 0:
            raise BudgetExhausted("no time left to fetch")
        found = self.files.get((study_uid, series_uid))
        if not found:
            raise PeerUnavailable("the folder does not hold the series", reason="series_missing")
        return found


@dataclass
class _Gathered:
    held: dict[str, dict[str, HeldInstance]] = field(default_factory=lambda: defaultdict(dict))
    problems: dict[str, list[HeldProblem]] = field(default_factory=lambda: defaultdict(list))
    files: dict[tuple[str, str], list[Path]] = field(default_factory=lambda: defaultdict(list))
    passed_over: int = 0


def read_folder(
    root: Path, *, now: datetime, progress: Callable[[Iterable[Path]], Iterable[Path]] = iter
) -> FolderStudies:
    """Read the headers of every file below ``root``.

    Raises:
        BadSettings: there is no such folder.
    """
    if not root.is_dir():
        raise BadSettings(f"{root} is not a folder", reason="no_folder")
    facts_of = FactsReader(site_key=_NO_KEY, zone=UTC)
    gathered = _Gathered()
    for path in progress(sorted(p for p in root.rglob("*") if p.is_file())):
        _take(path, gathered, facts_of, now)
    maker = ArrivalMaker(site="evaluation", site_key=_NO_KEY)
    studies = sorted({*gathered.held, *gathered.problems})
    arrivals = {uid: _arrival(maker, uid, gathered, now) for uid in studies}
    return FolderStudies(arrivals, dict(gathered.files), gathered.passed_over)


def _take(path: Path, gathered: _Gathered, facts_of: FactsReader, now: datetime) -> None:
    try:
        facts = _facts(path, facts_of)
    except (InvalidDicomError, BadDicom, OSError, ValueError, AttributeError, KeyError, NotImplementedError):
        gathered.passed_over += 1
        return
    if facts.sop_uid in gathered.held[facts.study_uid]:
        return
    gathered.held[facts.study_uid][facts.sop_uid] = HeldInstance(facts, ALIAS, PIXELS_NOT_SEEN, now)
    gathered.files[facts.study_uid, facts.series_uid].append(path)


def _facts(path: Path, facts_of: FactsReader) -> InstanceFacts:
    dataset = dcmread(path, stop_before_pixels=True, specific_tags=list(HEADER_KEYWORDS))
    return facts_of(values_of(dataset), str(dataset.file_meta.get("TransferSyntaxUID", "")))


def _arrival(maker: ArrivalMaker, uid: str, gathered: _Gathered, now: datetime) -> StudyArrived:
    held = HeldStudy(tuple(gathered.held[uid].values()), tuple(gathered.problems[uid]), 0)
    record = maker.make(uid, held, Readiness(ReadinessRule.QUIET, now)).record
    return msgspec.json.decode(record.value, type=StudyArrived)
