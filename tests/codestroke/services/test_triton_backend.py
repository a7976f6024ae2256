"""The backend's own checks, with stand-ins for the modules that only Triton's environment has."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

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


def test_missing_weights_are_named(backend: ModuleType, tmp_path: Path) -> None:
    args = {"model_repository": str(tmp_path), "model_version": "1", "model_name": "lvo"}
    with pytest.raises(ModelException, match=r"model lvo: no file .*1/model\.onnx"):
        backend.model_path(args, {})
