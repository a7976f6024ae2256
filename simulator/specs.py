"""What a synthetic study shows, as data; ``simulator.render`` makes the datasets."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from schemas.findings import Side
from triton_models.phantoms.occlusion import Segment


class Size(enum.Enum):
    """How large a study is: slices, rows and columns, and their spacing in mm (z, y, x)."""

    SMALL = "small"
    """Quick to render and send: for the demo and the tests."""
    FULL = "full"
    """400 thin slices of 512 by 512: for the benchmarks."""


class Damage(enum.Enum):
    """What is wrong with a study; ``OUT_OF_ORDER`` is nothing worse than a busy sender."""

    NONE = "none"
    MISSING_SLICES = "missing slices"
    REPEATED_SLICES = "repeated slices"
    OUT_OF_ORDER = "out of order"
    CUT_PIXELS = "cut pixels"
    GARBAGE_PIXELS = "garbage pixels"
    MIXED_SPACING = "mixed spacing"
    LYING_ROWS = "lying rows"
    WRONG_MODALITY = "wrong modality"


class FilmModality(enum.StrEnum):
    """A film from a plate (PS3.3 A.2) or from a detector (PS3.3 A.26); its Modality (0008,0060)."""

    CR = "CR"
    DX = "DX"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadCt:
    """CT of the head; ``occlusion`` and ``side`` say what is blocked, ``contrast`` False makes a plain scan."""

    occlusion: Segment | None = None
    side: Side = Side.NONE
    contrast: bool = True
    size: Size = Size.SMALL
    damage: Damage = Damage.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class AbdomenCt:
    """CT of the abdomen; ``diameter_mm`` None leaves a normal aorta."""

    diameter_mm: float | None = None
    contrast: bool = True
    damage: Damage = Damage.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class ChestFilm:
    """Frontal chest X-ray; ``consolidation`` is its side, NONE for a normal film."""

    consolidation: Side = Side.NONE
    view: str = "PA"
    rows: int = 1024
    modality: FilmModality = FilmModality.DX
    damage: Damage = Damage.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class KneeCt:
    """A study of a body part that no pathway reads."""

    damage: Damage = Damage.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryStudy:
    """One exhibit of the gallery, by pathway and name of its class; ``simulator.exhibits`` knows them."""

    pathway: str
    name: str
    damage: Damage = Damage.NONE


Spec = HeadCt | AbdomenCt | ChestFilm | KneeCt | GalleryStudy
