"""The key image of a pneumonia finding: the film, warmed where the model saw an opacity, and a bar for the score.

Called by the analyser for detected and indeterminate films. It shows local evidence, not an outline of disease.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.findings import Finding, FindingState
from triton_models.explanation.key_image import (
    AMBER,
    CYAN,
    WHITE,
    KeyImage,
    Picture,
    enlarged,
    joined,
    labelled,
    warmed,
    windowed,
    written,
)
from triton_models.prepared import Prepared, Tensor
from triton_models.volume import Radiograph

_SIDE = 560
_CENTILES = (1.0, 99.0)
# Local evidence is coloured from here on. The outline follows the upper part of what this film has, however weak: a
# film that is detected by much weak evidence must show where it lies.
_COLD, _NOTHING = 0.3, 0.02
_OUTLINE_SHARE = 0.6
_BAR = (14, 150)
_MARGIN = 12


def key_image(film: Radiograph, prepared: Prepared, outputs: Mapping[str, Tensor], finding: Finding) -> KeyImage | None:
    """Draw the film with its heat; None where the model was not asked or found nothing.

    Args:
        film: as it was prepared, on the pathway's grid.
        prepared: says which part of the grid the model saw.
        outputs: ``heat`` (float32, 1,1,y,x, 0..1) over that part.
        finding: read from the same outputs.
    """
    if prepared.refusal is not None or finding.state is FindingState.NOT_DETECTED or finding.score is None:
        return None
    heat = np.asarray(outputs["heat"], np.float32)[0, 0]
    shown = _shown(film, prepared)
    factor = _SIDE / max(shown.shape)
    low, high = (float(value) for value in np.percentile(shown, _CENTILES))
    picture = enlarged(windowed(shown, low, high), factor)
    grown = cv2.resize(heat, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    picture = warmed(picture, np.where(grown > _COLD, grown, 0.0), strongest=0.35)
    for outline in _outlines(grown):
        joined(picture, outline, AMBER, closed=True)
    labelled(picture)
    _scored(picture, finding.score)
    return KeyImage(picture, _caption(finding), {"heat": heat}, _facts(film, prepared))


def _shown(film: Radiograph, prepared: Prepared) -> NDArray[np.float32]:
    facts = prepared.facts
    rows = slice(int(facts["top_px"]), int(facts["bottom_px"]))
    return film.pixels[rows, int(facts["left_px"]) : int(facts["right_px"])]


def _outlines(grown: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Lines around the warmest places, in pixels x, y of the picture."""
    level = _OUTLINE_SHARE * float(grown.max())
    if level < _NOTHING:
        return []
    found, _ = cv2.findContours((grown >= level).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [np.asarray(line, np.float32)[:, 0] for line in found]


def _scored(picture: Picture, score: float) -> None:
    """A bar in the upper right corner that fills with the score."""
    wide, tall = _BAR
    right, top = picture.shape[1] - _MARGIN, _MARGIN + 14
    filled = top + round(tall * (1.0 - score))
    cv2.rectangle(picture, (right - wide, top), (right, top + tall), (0, 0, 0), -1)
    cv2.rectangle(picture, (right - wide, filled), (right, top + tall), AMBER, -1)
    cv2.rectangle(picture, (right - wide, top), (right, top + tall), WHITE, 1)
    written(picture, f"{score:.2f}", (right - 34, top - 4), CYAN, 0.45)


def _caption(finding: Finding) -> str:
    place = finding.location
    where = f", strongest {place.side.value} {place.segment}" if place.segment else ""
    state = "Opacity" if finding.state is FindingState.DETECTED else "Unsure of an opacity"
    return f"{state}: pneumonia score {finding.score:.2f}{where}. Colour: local evidence of the model."


def _facts(film: Radiograph, prepared: Prepared) -> dict[str, float]:
    """Where the heat lies on the grid (``top_px`` …), and the sizes of the grid and of the film as it was taken."""
    sizes = zip(("grid", "source"), (film.pixels.shape, film.source_shape), strict=True)
    named = {f"{name}_{axis}": n for name, shape in sizes for axis, n in zip(("rows", "columns"), shape, strict=True)}
    return {**{k: v for k, v in prepared.facts.items() if k.endswith("_px")}, **named}
