"""Judges the heat map where the truth is known: opacities painted into held-out normal films.

The same film with and without the paint goes through the served network. Called by ``chest``; real opacities have no
masks here, so this says how well the map finds paint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_models.phantoms.opacity import normal_film, with_opacity
from triton_models.preprocessing import chest
from triton_models.training.films import Film
from triton_models.training.metrics import auroc
from triton_models.training.session import OnnxModel

# A place counts as opaque from this share of paint on.
_OPAQUE = 0.25
_MOST = 120


@dataclass(frozen=True, slots=True)
class _Twin:
    ill: NDArray[np.uint8]
    well: NDArray[np.uint8]
    mask: NDArray[np.float32]


def painted_figures(found: Sequence[Film], model: OnnxModel, *, seed: int) -> dict[str, float]:
    """Area over twins, share of peaks that lie on paint, and the area of the map over places."""
    twins = list(_twins([film for film in found if not film.positive], seed))
    if not twins:
        return {}
    raw: list[float] = []
    hits, places = [], []
    for twin in twins:
        ill, well = _asked(model, twin.ill), _asked(model, twin.well)
        raw += [float(ill["logit"].reshape(-1)[0]), float(well["logit"].reshape(-1)[0])]
        heat = np.asarray(ill["heat"], np.float32)[0, 0]
        opaque = cv2.resize(twin.mask, heat.shape[::-1], interpolation=cv2.INTER_AREA) > _OPAQUE
        if opaque.any() and not opaque.all():
            near = cv2.dilate(opaque.astype(np.uint8), np.ones((3, 3), np.uint8))
            hits.append(bool(near[np.unravel_index(int(heat.argmax()), heat.shape)]))
            places.append(auroc(heat.reshape(-1).astype(np.float64), opaque.reshape(-1)))
    scores = np.array(raw)
    return {
        "films": float(scores.size),
        "auroc": auroc(scores, np.arange(scores.size) % 2 == 0),
        "peak_on_opacity": float(np.mean(hits)),
        "auroc_places": float(np.mean(places)),
    }


def _twins(normals: Sequence[Film], seed: int) -> Iterator[_Twin]:
    rng = np.random.default_rng([seed, 43])
    for index in rng.permutation(len(normals))[:_MOST]:
        base = normal_film(np.asarray(normals[int(index)].levels, np.float32) / np.float32(255.0))
        if base is not None:
            ill, mask = with_opacity(base, rng)
            yield _Twin(_picture(ill), _picture(base.grey), mask)


def _picture(grey: NDArray[np.float32]) -> NDArray[np.uint8]:
    rows, columns = chest.PICTURE_YX
    small = np.asarray(cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
    return chest.evened(np.asarray(np.rint(np.clip(small, 0, 1) * 255.0), np.uint8))


def _asked(model: OnnxModel, picture: NDArray[np.uint8]) -> dict[str, NDArray[np.generic]]:
    return model({"film": picture[None, None]})
