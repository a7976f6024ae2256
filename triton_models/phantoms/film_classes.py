"""One drawn film of every class that the chest pathway must tell apart, each from a fixed seed.

For the simulator and for tests that send films through the running pipeline. Nothing of a real film is in them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.errors import BadSettings
from triton_models.phantoms.film import FilmParameters, render_film
from triton_models.phantoms.opacity import Shape, normal_film, with_opacity

Grey = NDArray[np.float32]

_SIDE = 768
# Opacities are painted at the size at which training paints them, and laid over the fine film.
_PAINT_SIDE = 256


class FilmClass(enum.StrEnum):
    """What a film shows."""

    NORMAL_PA = "normal_pa"
    NORMAL_AP = "normal_ap"
    LOBAR = "lobar"
    PATCHY = "patchy"
    BASAL = "basal"
    INTERSTITIAL = "interstitial"
    LATERAL = "lateral"
    MONOCHROME1 = "monochrome1"


@dataclass(frozen=True, slots=True)
class ClassFilm:
    """A film and what a DICOM header would say of it.

    Attributes:
        pixels: float32, y,x, 0 black (air) to 1 white, whatever ``photometric`` says: the writer inverts.
        view: ViewPosition (PS3.3 C.8.1.2).
        photometric: PhotometricInterpretation.
        positive: whether an opacity was painted.
        mask: where, 0..1, at the film's size; all 0 for a film without one.
    """

    pixels: Grey
    view: str
    photometric: str
    positive: bool
    mask: Grey


# Seed of the drawing, shape and seed of the paint: drawings whose lungs can be told, opacities that can be seen.
_SHAPES = {
    FilmClass.LOBAR: (41, Shape.LOBE, 12),
    FilmClass.PATCHY: (42, Shape.PATCHES, 24),
    FilmClass.BASAL: (44, Shape.BASE, 16),
    FilmClass.INTERSTITIAL: (45, Shape.NET, 25),
    FilmClass.MONOCHROME1: (47, Shape.LOBE, 12),
}
_WELL_SEEDS = {FilmClass.NORMAL_PA: 51, FilmClass.NORMAL_AP: 52, FilmClass.LATERAL: 53}


def shows_opacity(name: FilmClass) -> bool:
    """Whether an opacity is painted into the film of a class."""
    return name in _SHAPES


def class_film(name: FilmClass) -> ClassFilm:
    """Draw the film of one class."""
    base, shape, seed = _SHAPES.get(name, (_WELL_SEEDS.get(name, 0), None, 0))
    picture, _ = render_film(FilmParameters(base), (_SIDE, _SIDE))
    mask = np.zeros_like(picture)
    if shape is not None:
        picture, mask = _painted(picture, shape, seed)
    return ClassFilm(
        pixels=picture,
        view={FilmClass.NORMAL_AP: "AP", FilmClass.LATERAL: "LL"}.get(name, "PA"),
        photometric="MONOCHROME1" if name is FilmClass.MONOCHROME1 else "MONOCHROME2",
        positive=shows_opacity(name),
        mask=mask,
    )


def _painted(picture: Grey, shape: Shape, seed: int) -> tuple[Grey, Grey]:
    small = np.asarray(cv2.resize(picture, (_PAINT_SIDE, _PAINT_SIDE), interpolation=cv2.INTER_AREA), np.float32)
    base = normal_film(small)
    if base is None:
        raise BadSettings("the lungs of this drawing cannot be told", reason="no_lungs")
    ill, mask = with_opacity(base, np.random.default_rng(seed), shape=shape)
    size = picture.shape[::-1]
    added = np.asarray(cv2.resize(ill - small, size, interpolation=cv2.INTER_CUBIC), np.float32)
    whole = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR), np.float32)
    return np.asarray(np.clip(picture + added, 0.0, 1.0), np.float32), whole
