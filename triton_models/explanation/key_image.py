"""The key image of a finding: one small picture, the words under it, and the arrays behind it.

Each pathway draws its own (``explanation.stroke`` and so on) with the strokes given here; the analyser encodes it and
the store keeps it. A key image shows where a model looked. It decides nothing.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_models.prepared import Tensor

Grey = NDArray[np.uint8]
Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

# Small enough for a phone over a hospital's network, large enough to see a vessel.
MAX_SIDE = 640
MAX_CAPTION = 160
RESEARCH = "Research only - not for diagnosis"
AMBER: Colour = (255, 176, 32)
CYAN: Colour = (64, 224, 255)
WHITE: Colour = (255, 255, 255)
_INK: Colour = (0, 0, 0)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_MARGIN = 6


@dataclass(frozen=True, slots=True)
class KeyImage:
    """A picture of a finding.

    Attributes:
        pixels: uint8 RGB, axes row, column, colour; no side is longer than ``MAX_SIDE``.
        caption: one line without patient data; says what is shown in the pathway's own terms.
        arrays: what a DICOM segmentation or parametric map needs later, by name: heat maps, contours.
        facts: placement of picture and arrays, with the unit in the name (``plane_z_mm``, ``pixel_mm``).
    """

    pixels: Picture
    caption: str
    arrays: Mapping[str, Tensor] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Hold what the class says.

        Raises:
            ValueError: pixels of another kind or too large, or a caption that is empty or too long.
        """
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:  # noqa: PLR2004 - RGB
            raise ValueError(f"a key image is uint8 RGB, not {self.pixels.dtype} {self.pixels.shape}")
        if max(self.pixels.shape) > MAX_SIDE:
            raise ValueError(f"a key image of {self.pixels.shape[:2]} is larger than {MAX_SIDE}")
        if not 0 < len(self.caption) <= MAX_CAPTION:
            raise ValueError(f"a caption has 1 to {MAX_CAPTION} characters, not {len(self.caption)}")


def png(image: KeyImage) -> bytes:
    """Encode the picture."""
    done, encoded = cv2.imencode(".png", cv2.cvtColor(image.pixels, cv2.COLOR_RGB2BGR))
    if not done:
        raise ValueError("the picture could not be encoded")
    return encoded.tobytes()


def packed(image: KeyImage) -> bytes:
    """Pack arrays and facts as a compressed ``.npz``, without pickles."""
    buffer = io.BytesIO()
    everything: dict[str, Any] = {**image.arrays, **{f"fact_{k}": np.float64(v) for k, v in image.facts.items()}}
    np.savez_compressed(buffer, **everything)
    return buffer.getvalue()


def windowed(values: NDArray[np.floating], low: float, high: float) -> Grey:
    """Map ``low``…``high`` (HU, or 0…1 of a film) to black…white."""
    scaled = (np.asarray(values, np.float32) - low) * (255.0 / (high - low))
    return np.asarray(np.rint(np.clip(scaled, 0, 255)), np.uint8)


def enlarged(grey: Grey, factor: float) -> Picture:
    """Enlarge a grey plane smoothly into a colour picture that may be drawn on."""
    large = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2RGB), np.uint8)


def warmed(picture: Picture, heat: NDArray[np.floating], *, strongest: float = 0.45) -> Picture:
    """Lay heat (0…1, any size of the same shape ratio) over a picture; what is cold stays as it was."""
    rows, columns = picture.shape[:2]
    grown = np.clip(cv2.resize(np.asarray(heat, np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR), 0, 1)
    colours = cv2.cvtColor(cv2.applyColorMap(windowed(grown, 0, 1), cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    weight = (strongest * np.clip(2.0 * grown, 0, 1))[..., None]
    return np.asarray(np.rint(picture * (1.0 - weight) + colours * weight), np.uint8)


def ringed(picture: Picture, at_xy: tuple[float, float], radius: float, colour: Colour = AMBER) -> None:
    """Draw a ring, in place."""
    centre = (round(at_xy[0]), round(at_xy[1]))
    cv2.circle(picture, centre, round(radius), _INK, 4, cv2.LINE_AA)
    cv2.circle(picture, centre, round(radius), colour, 2, cv2.LINE_AA)


def joined(picture: Picture, points_xy: NDArray[np.floating], colour: Colour = CYAN, *, closed: bool = False) -> None:
    """Draw a line through points (n, 2), in place."""
    points = np.rint(np.asarray(points_xy, np.float64)).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(picture, [points], closed, _INK, 4, cv2.LINE_AA)
    cv2.polylines(picture, [points], closed, colour, 2, cv2.LINE_AA)


def written(picture: Picture, text: str, at_xy: tuple[float, float], colour: Colour = WHITE, size: float = 0.5) -> None:
    """Write one line with a dark edge, its lower left corner at ``at_xy``, in place; ASCII only."""
    at = (round(at_xy[0]), round(at_xy[1]))
    cv2.putText(picture, text, at, _FONT, size, _INK, 4, cv2.LINE_AA)
    cv2.putText(picture, text, at, _FONT, size, colour, 1, cv2.LINE_AA)


def labelled(picture: Picture, *, left: str = "R", right: str = "L", note: str = RESEARCH) -> None:
    """Name the patient's sides as radiologists look at pictures (the patient's right on the left), and the purpose."""
    rows, columns = picture.shape[:2]
    written(picture, left, (_MARGIN, rows / 2), WHITE, 0.7)
    (width, _), _ = cv2.getTextSize(right, _FONT, 0.7, 1)
    written(picture, right, (columns - width - _MARGIN, rows / 2), WHITE, 0.7)
    written(picture, note, (_MARGIN, rows - _MARGIN), WHITE, 0.4)
