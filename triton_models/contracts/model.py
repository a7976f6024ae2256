"""The shape of a model contract: what a served model takes, gives and means.

One JSON file per model beside this module is the single place where tensor shapes and thresholds are written;
``config.pbtxt``, the client and the tests follow it. Written by ``training.export``, read by ``load_contract``.
"""

from __future__ import annotations

import enum

import msgspec
import numpy as np


class Datatype(enum.StrEnum):
    """Tensor types that our models use, by their KServe v2 names."""

    UINT8 = "UINT8"
    FP16 = "FP16"
    FP32 = "FP32"

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The numpy type of the same values."""
        return np.dtype({"UINT8": np.uint8, "FP16": np.float16, "FP32": np.float32}[self.value])


class TensorSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One tensor: ``shape`` holds None where the size varies; values lie in ``low`` to ``high``."""

    name: str
    datatype: Datatype
    shape: tuple[int | None, ...]
    low: float
    high: float


class OperatingPoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thresholds on the score of this model version alone; between the two the finding is indeterminate.

    Attributes:
        name: stable name, written into every finding.
        detected_at: scores from here on are ``detected``.
        not_detected_below: scores under this are ``not_detected``.
        target: what the thresholds were chosen for, in words.
        slope: of the logistic calibration from raw value to score.
        intercept: of the logistic calibration.
        sigma_mm: standard error of a measurement on data not trained on; 0 where nothing is measured.
        bias_mm: mean error of the measurement on the same data, taken off again.
        sigma_per_doubt: what each unit of the case's own doubt adds (in quadrature) to the standard error.
    """

    name: str
    detected_at: float
    not_detected_below: float
    target: str
    slope: float = 1.0
    intercept: float = 0.0
    sigma_mm: float = 0.0
    bias_mm: float = 0.0
    sigma_per_doubt: float = 0.0


class Sample(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The expected value of one output at one flat index."""

    output: str
    index: int
    value: float


class KnownAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A made-up input, its seed, and what this model version answers to it."""

    seed: int
    tolerance: float
    samples: tuple[Sample, ...]


class ModelContract(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a client must know of one model version."""

    name: str
    version: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    operating_point: OperatingPoint
    sha256: str
    known_answer: KnownAnswer
