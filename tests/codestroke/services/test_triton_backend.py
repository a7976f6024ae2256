"""The backend's own checks, with stand-ins for the modules that only Triton's environment has."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import codestroke.services

_SOURCE = Path(codestroke.services.__file__).parent / "triton_backend" / "onnxruntime" / "model.py"


class ModelException(Exception):
    """Stands for Triton's own exception."""


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    utils = ModuleType("triton_python_backend_utils")
    utils.TritonModelException = ModelException  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", utils)
    monkeypatch.setitem(sys.modules, "onnxruntime", ModuleType("onnxruntime"))
    spec = importlib.util.spec_from_file_location("codestroke_triton_backend", _SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_numpy_2_is_refused_before_a_model_is_loaded(backend: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "_NUMPY_2", True)
    monkeypatch.setattr(backend, "sys", SimpleNamespace(version_info=(3, 12, 0)))
    with pytest.raises(ModelException, match="needs numpy < 2"):
        backend.TritonPythonModel().initialize({})


def test_a_thread_count_must_be_a_whole_number(backend: ModuleType) -> None:
    config = {"name": "m", "parameters": {"intra_op_thread_count": {"string_value": "two"}}}
    with pytest.raises(ModelException, match="intra_op_thread_count of m is 'two'"):
        backend.parameter(config, "intra_op_thread_count")
    assert backend.parameter({"name": "m"}, "intra_op_thread_count") is None


class Said:
    """An engine that gives what the test says, or fails to load."""

    def __init__(self, name: str, value: float = 1.0, *, error: Exception | None = None) -> None:
        self.name, self._value, self._error = name, value, error

    def __call__(self, path: str, config: dict[str, object]) -> "Said":
        del path, config
        if self._error:
            raise self._error
        return self

    def run(self, wanted: list[str], feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        assert feeds["x"].shape == (1, 3)
        return [np.full((2, 2), self._value) for _ in wanted]


def config(engine: str) -> dict[str, object]:
    return {
        "name": "lvo",
        "parameters": {"engine": {"string_value": engine}},
        "input": [{"name": "x", "dims": ["-1", "3"], "data_type": "TYPE_FP32"}],
        "output": [{"name": "y", "dims": ["2", "2"], "data_type": "TYPE_FP32"}],
    }


@pytest.mark.parametrize(
    ("wanted", "other", "serves", "said"),
    [
        ("onnxruntime", Said("openvino"), "onnxruntime", ""),
        ("openvino", Said("openvino", 1.0 + 1e-6), "openvino", "OpenVINO serves"),
        ("openvino", Said("openvino", 1.01), "onnxruntime", "differs by 1.00e-02"),
        ("openvino", Said("openvino", float("nan")), "onnxruntime", "differs by nan"),
        ("openvino", Said("openvino", error=ModuleNotFoundError("openvino")), "onnxruntime", "ModuleNotFoundError"),
    ],
)
def test_openvino_serves_only_where_it_agrees(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch, wanted: str, other: Said, serves: str, said: str
) -> None:
    monkeypatch.setattr(backend, "OnnxRuntime", Said("onnxruntime"))
    monkeypatch.setattr(backend, "OpenVino", other)
    monkeypatch.setattr(backend.pb_utils, "triton_string_to_numpy", lambda _: np.float32, raising=False)
    lines: list[str] = []
    assert backend.chosen_engine("model.onnx", config(wanted), lines.append).name == serves
    assert said in "".join(lines)


def test_an_engine_that_is_none_is_refused(backend: ModuleType) -> None:
    with pytest.raises(ModelException, match="engine of lvo is 'abacus'"):
        backend.chosen_engine("model.onnx", config("abacus"), print)


def test_missing_weights_are_named(backend: ModuleType, tmp_path: Path) -> None:
    args = {"model_repository": str(tmp_path), "model_version": "1", "model_name": "lvo"}
    with pytest.raises(ModelException, match=r"model lvo: no file .*1/model\.onnx"):
        backend.model_path(args, {})
