"""Small contracts and prepared studies for the tests of the models package."""

from __future__ import annotations

import numpy as np

from triton_models.contracts import Datatype, KnownAnswer, ModelContract, OperatingPoint, Sample, TensorSpec
from triton_models.phantoms.abdomen import AbdomenParameters, AbdomenTruth, render_abdomen
from triton_models.phantoms.head import HeadParameters, HeadTruth, render_head
from triton_models.phantoms.paint import Sampling
from triton_models.phantoms.regrid import regrid
from triton_models.preprocessing import aorta, stroke
from triton_models.volume import Volume

HEAD_SAMPLING = Sampling((150, 144, 144), (1.3, 1.6, 1.6))
ABDOMEN_SAMPLING = Sampling((135, 130, 130), (3.0, 2.8, 2.8))

POINT = OperatingPoint(
    name="test-1", detected_at=0.6, not_detected_below=0.4, target="tests", sigma_mm=1.5, bias_mm=0.0
)


def contract(**changes: object) -> ModelContract:
    """A contract of one small model."""
    fields: dict[str, object] = {
        "name": "toy",
        "version": "3",
        "inputs": (TensorSpec(name="volume", datatype=Datatype.UINT8, shape=(1, 4, None), low=0, high=255),),
        "outputs": (TensorSpec(name="heat", datatype=Datatype.FP32, shape=(1, 4), low=0, high=1),),
        "operating_point": POINT,
        "sha256": "0" * 64,
        "known_answer": KnownAnswer(seed=7, tolerance=0.01, samples=(Sample(output="heat", index=2, value=0.5),)),
    }
    return ModelContract(**{**fields, **changes})  # type: ignore[arg-type]


def heat(value: float = 0.5) -> dict[str, np.ndarray]:
    """An answer that keeps the toy contract."""
    return {"heat": np.full((1, 4), value, np.float32)}


def head_volume(parameters: HeadParameters, sampling: Sampling = HEAD_SAMPLING) -> tuple[Volume, HeadTruth]:
    """A head on the stroke grid."""
    hu, truth = render_head(parameters, sampling)
    return regrid(hu, stroke.GRID, spacing_mm=truth.spacing_mm, origin_lps_mm=truth.origin_lps_mm), truth


def abdomen_volume(parameters: AbdomenParameters, sampling: Sampling = ABDOMEN_SAMPLING) -> tuple[Volume, AbdomenTruth]:
    """An abdomen on the aorta grid."""
    hu, truth = render_abdomen(parameters, sampling)
    return regrid(hu, aorta.GRID, spacing_mm=truth.spacing_mm, origin_lps_mm=truth.origin_lps_mm), truth
