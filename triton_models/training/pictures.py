"""Key images of held-out cases that ended wrong, for the gallery of the report, drawn by the pathways' own code.

Called by the judging parts of the three recipes. What a pathway draws nothing of (a clear "no") has no picture here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from schemas.findings import Finding
from triton_models.evidence.cases import JudgedCase, is_wrong
from triton_models.explanation import aorta, chest, stroke
from triton_models.explanation.key_image import KeyImage
from triton_models.postprocessing.aorta import hu_of
from triton_models.prepared import Prepared, Tensor
from triton_models.training.films import Film
from triton_models.volume import Radiograph, Volume

Outputs = Mapping[str, Tensor]


def with_picture(case: JudgedCase, draw: Callable[[], KeyImage | None]) -> JudgedCase:
    """The same case, with its key image where it ended otherwise than its label says."""
    return dataclasses.replace(case, picture=draw()) if is_wrong(case) else case


def of_abdomen(prepared: Prepared, outputs: Outputs, finding: Finding) -> KeyImage | None:
    """Draw the measured section from the model's own column, as far as its window reaches."""
    hu, facts = hu_of(prepared), prepared.facts
    if hu is None or prepared.refusal is not None:
        return None
    spacing = (facts["spacing_mm"],) * 3
    origin = (facts["origin_x_mm"], facts["origin_y_mm"], facts["origin_z_mm"])
    return aorta.key_image(Volume(hu, spacing, origin, spacing, len(hu)), prepared, outputs, finding)


def of_head(prepared: Prepared, outputs: Outputs, finding: Finding) -> KeyImage | None:
    """Draw the suspected artery from the model's own slabs."""
    unread = Volume(np.zeros((1, 1, 1), np.float32), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), 1)
    return stroke.key_image(unread, prepared, outputs, finding) if outputs else None


def of_film(film: Film, outputs: Outputs, finding: Finding) -> KeyImage | None:
    """Draw the film as the model saw it."""
    pixels = np.asarray(film.picture, np.float32) / np.float32(255.0)
    rows, columns = pixels.shape
    whole = Prepared({}, None, {"top_px": 0, "bottom_px": rows, "left_px": 0, "right_px": columns})
    return chest.key_image(Radiograph(pixels, film.view, (rows, columns)), whole, outputs, finding)
