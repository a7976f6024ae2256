"""A scripted shift: which study comes when, and how each must end; demo and tests judge by the same list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.findings import FindingState, OutcomeKind, Side
from simulator.fingerprint import fingerprint
from simulator.render import Order, render
from simulator.specs import AbdomenCt, ChestFilm, Damage, HeadCt, KneeCt, Spec
from triton_models.phantoms.occlusion import Segment

_COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """How a study must end on a pathway; ``finding`` only where it is scored."""

    pathway: str
    outcome: OutcomeKind
    finding: FindingState | None = None
    side: Side | None = None
    pages: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """The last ``instances`` of a study come over an association of their own, ``after_s`` after the others."""

    instances: int
    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One study of the shift; ``at_s`` counts from the start of the shift."""

    name: str
    at_s: float
    order: Order
    expected: Expectation
    late: Late | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """The arrivals in order of time.

    With ``occlusion_leads`` an occlusion that pages must end first on the list; in a gallery others are as urgent.
    """

    arrivals: Sequence[Arrival]
    occlusion_leads: bool = True

    @property
    def canaries(self) -> tuple[str, ...]:
        """Every string of every patient that must not turn up outside store and PACS."""
        return tuple(sorted({text for item in self.arrivals for text in item.order.patient.canaries}))


def demo_shift(seed: int = 1) -> Shift:
    """An occlusion behind routine films, an aneurysm, pneumonias, a plain head, a broken study, a knee."""
    rows = list(_rows())
    arrivals = [
        Arrival(
            name=name,
            at_s=at_s,
            order=Order(seed=seed, number=number, spec=spec, priority=priority),
            expected=expected,
        )
        for number, (at_s, name, spec, priority, expected) in enumerate(rows, start=1)
    ]
    return Shift(arrivals)


def prepare(shift: Shift, folder: Path, *, done: Callable[[Arrival], None] = lambda _: None) -> dict[str, Path]:
    """Render every study below ``folder`` and write it as files; returns the folder of each by name."""
    folders = {}
    for arrival in shift.arrivals:
        folders[arrival.name] = write(arrival.order, folder / arrival.order.study_uid)
        done(arrival)
    return folders


def write(order: Order, folder: Path) -> Path:
    """Write one study as files, numbered in the order of sending.

    Does nothing where the same study, made by the same code, is there already; an older one is replaced whole.
    """
    complete, made_of = folder / _COMPLETE, fingerprint(order)
    if complete.exists() and complete.read_text() == made_of:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    complete.unlink(missing_ok=True)
    for stale in folder.glob("*.dcm"):
        stale.unlink()
    for number, instance in enumerate(render(order), start=1):
        instance.save_as(folder / f"{number:05d}.dcm", enforce_file_format=True)
    complete.write_text(made_of)
    return folder


_Row = tuple[float, str, Spec, str, Expectation]


def _rows() -> Iterable[_Row]:
    clear = Expectation(pathway="chest", outcome=OutcomeKind.SCORED, finding=FindingState.NOT_DETECTED)
    cloudy = Expectation(pathway="chest", outcome=OutcomeKind.SCORED, finding=FindingState.DETECTED)
    for number in range(5):
        yield 0.5 * number, f"routine film {number + 1}", ChestFilm(), "ROUTINE", clear
    yield (
        3.0,
        "occlusion, left carotid end",
        HeadCt(occlusion=Segment.ICA_T, side=Side.LEFT),
        "ROUTINE",
        Expectation(
            pathway="stroke",
            outcome=OutcomeKind.SCORED,
            finding=FindingState.DETECTED,
            side=Side.LEFT,
            pages=True,
        ),
    )
    yield 6.0, "pneumonia, right", ChestFilm(consolidation=Side.RIGHT, view="AP"), "ROUTINE", cloudy
    yield (
        8.0,
        "aneurysm, 62 mm",
        AbdomenCt(diameter_mm=62.0),
        "ROUTINE",
        Expectation(pathway="aorta", outcome=OutcomeKind.SCORED, finding=FindingState.DETECTED, pages=True),
    )
    yield (
        14.0,
        "plain head",
        HeadCt(contrast=False),
        "STAT",
        Expectation(pathway="stroke", outcome=OutcomeKind.SCORED, finding=FindingState.INDETERMINATE),
    )
    yield (
        18.0,
        "head with missing slices",
        HeadCt(damage=Damage.MISSING_SLICES),
        "HIGH",
        Expectation(pathway="stroke", outcome=OutcomeKind.FAILED),
    )
    yield (
        22.0,
        "knee",
        KneeCt(),
        "ROUTINE",
        Expectation(pathway="stroke", outcome=OutcomeKind.NOT_APPLICABLE),
    )
    yield (
        24.0,
        "open arteries",
        HeadCt(),
        "ROUTINE",
        Expectation(pathway="stroke", outcome=OutcomeKind.SCORED, finding=FindingState.NOT_DETECTED),
    )
    yield 28.0, "pneumonia, left", ChestFilm(consolidation=Side.LEFT), "ROUTINE", cloudy
    yield (
        30.0,
        "normal abdomen",
        AbdomenCt(),
        "ROUTINE",
        # The first aorta model is often undecided below 30 mm (its card says so); what counts is that nobody is paged.
        Expectation(pathway="aorta", outcome=OutcomeKind.SCORED),
    )
