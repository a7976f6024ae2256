"""Runs an exported network in this process, for calibration, evaluation and parity; no server is needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime

from triton_models.prepared import Tensor


class OnnxModel:
    """An ONNX file that answers as the server would."""

    def __init__(self, path: Path, *, threads: int = 2) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._names = [output.name for output in self._session.get_outputs()]

    def __call__(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run one execution."""
        results = self._session.run(self._names, dict(inputs))
        return dict(zip(self._names, (np.asarray(r) for r in results), strict=True))
