"""The gallery: one phantom for each class of disease, of hard negative and of study that cannot be judged.

``render`` makes DICOM studies of them like of anything else; ``gallery`` makes a shift and a label file of them. What
is true of an exhibit is said by the phantom that it is made of.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.findings import FindingState, OutcomeKind
from simulator.studies.ct import Scan
from triton_models.phantoms import abdomen_classes, film_classes, head_gallery
from triton_models.phantoms.abdomen_classes import AbdomenClass
from triton_models.phantoms.film_classes import FilmClass
from triton_models.phantoms.head_gallery import GalleryHead, Inadequate
from triton_models.phantoms.occlusion import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """What an exhibit is, and how its study must end.

    Attributes:
        pathway: that must judge it.
        name: of its class.
        outcome: how the study must end there.
        state: what must be said where it is scored; a hard negative must merely not be detected.
        label: for a label file.
        side, segment, diameter_mm: what is true of it, where it has one.
        reason: words that a refusal must hold.
        pages: somebody must be paged.
    """

    pathway: str
    name: str
    outcome: OutcomeKind = OutcomeKind.SCORED
    state: FindingState | None = None
    label: str
    side: str = ""
    segment: str = ""
    diameter_mm: float | None = None
    reason: str = ""
    pages: bool = False


_LABELS = {
    FindingState.DETECTED: "positive",
    FindingState.NOT_DETECTED: "negative",
    FindingState.INDETERMINATE: "indeterminate",
}


@functools.cache
def exhibits() -> tuple[Exhibit, ...]:
    """All of them, by pathway."""
    heads = (_head(item) for item in head_gallery.gallery())
    films = (_film(name) for name in FilmClass)
    abdomens = (_abdomen(name) for name in AbdomenClass)
    return (*abdomens, *films, *heads)


def head_of(name: str) -> GalleryHead:
    """The head of an exhibit."""
    return _heads()[name]


def head_scan(head: GalleryHead) -> Scan:
    """Render a head."""
    hu, truth = head_gallery.rendered(head)
    contrast = head.kind is not Inadequate.NO_CONTRAST
    return Scan(hu=hu, spacing_mm=truth.spacing_mm, origin_lps_mm=truth.origin_lps_mm, contrast=contrast)


def film_of(name: str) -> film_classes.ClassFilm:
    """Draw the film of an exhibit."""
    return film_classes.class_film(FilmClass(name))


def abdomen_scan(name: str) -> Scan:
    """Render the abdomen of an exhibit."""
    made = abdomen_classes.scanned_abdomen(AbdomenClass(name))
    return Scan(hu=made.hu, spacing_mm=made.spacing_mm, origin_lps_mm=made.origin_lps_mm, contrast=made.contrast)


@functools.cache
def _heads() -> Mapping[str, GalleryHead]:
    return {head.kind.value: head for head in head_gallery.gallery()}


def _head(head: GalleryHead) -> Exhibit:
    return Exhibit(
        pathway="stroke",
        name=head.kind.value,
        state=head.state,
        label=_LABELS[head.state],
        side=head.side.value,
        segment=head.kind.value if isinstance(head.kind, Segment) else "",
        reason=head.reason,
        pages=head.state is FindingState.DETECTED,
    )


# A small aneurysm is a finding and nobody's night call.
_ALARMING = (AbdomenClass.LARGE, AbdomenClass.HUGE, AbdomenClass.SACCULAR, AbdomenClass.BLEEDING)


def _abdomen(name: AbdomenClass) -> Exhibit:
    wanted, diameter = abdomen_classes.outcomes_of(name), abdomen_classes.diameter_of(name)
    if wanted[0] == OutcomeKind.NOT_APPLICABLE:
        return Exhibit(pathway="aorta", name=name.value, outcome=OutcomeKind.NOT_APPLICABLE, label="not_applicable")
    state = FindingState(wanted[0])
    return Exhibit(
        pathway="aorta",
        name=name.value,
        state=state,
        label=_LABELS[state],
        diameter_mm=diameter,
        pages=name in _ALARMING,
    )


def _film(name: FilmClass) -> Exhibit:
    if name is FilmClass.LATERAL:
        return Exhibit(pathway="chest", name=name.value, outcome=OutcomeKind.NOT_APPLICABLE, label="not_applicable")
    state = FindingState.DETECTED if film_classes.shows_opacity(name) else FindingState.NOT_DETECTED
    return Exhibit(pathway="chest", name=name.value, state=state, label=_LABELS[state])
