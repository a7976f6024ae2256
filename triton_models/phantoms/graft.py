"""The lungs of one film set into the body of another, so that a label about lungs cannot be read off the body.

The donor's lungs are taken from where lungs lie on a centred frontal film, since an opaque lung cannot be outlined; the
brightness is matched along the seam. Called by the training's batches, always for an ill and a well donor alike.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triton_models.phantoms.opacity import NormalFilm

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Left, right, top and bottom of the lung on the picture's left, as shares of a film; the other lung mirrors it.
_LUNG = (0.10, 0.46, 0.14, 0.80)
_UNSURE = 0.02


def with_graft(normal: NormalFilm, donor: Grey, rng: Generator) -> Grey:
    """Set both lungs of ``donor`` (0 black to 1 white, y,x) into ``normal``."""
    film = normal.grey
    for number, lung in enumerate(normal.lungs):
        film = _one(film, lung, _cut(donor, right=number == 1, rng=rng), rng)
    return film


def _cut(donor: Grey, *, right: bool, rng: Generator) -> Grey:
    left, far, top, bottom = (share + float(rng.normal(0, _UNSURE)) for share in _LUNG)
    if right:
        left, far = 1.0 - far, 1.0 - left
    rows, columns = donor.shape
    return donor[round(top * rows) : round(bottom * rows), round(left * columns) : round(far * columns)]


def _one(film: Grey, lung: Mask, piece: Grey, rng: Generator) -> Grey:
    rows, columns = np.flatnonzero(lung.any(axis=1)), np.flatnonzero(lung.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    size = int(columns[-1]) - left + 1, int(rows[-1]) - top + 1
    patch = film.copy()
    patch[top : top + size[1], left : left + size[0]] = cv2.resize(piece, size, interpolation=cv2.INTER_LINEAR)
    soft = np.asarray(cv2.GaussianBlur(lung.astype(np.float32), (0, 0), film.shape[0] * float(rng.uniform(0.01, 0.03))))
    seam = soft * (1.0 - soft)
    step = float(((film - patch) * seam).sum() / max(float(seam.sum()), 1e-6))
    return np.asarray(np.clip(film + soft * (patch + step - film), 0.0, 1.0), np.float32)
