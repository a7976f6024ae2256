"""A stack of its own for each test module here: these tests kill its servers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from codestroke.services.stack import Stack, StackConfig
from tests.codestroke.services.onnx_models import add_affine


@pytest.fixture(scope="session")
def cache() -> Path:
    """Where downloads are kept over runs."""
    return Path(os.environ.get("CODESTROKE_CACHE", Path.home() / ".cache" / "codestroke"))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of three tiny networks that differ in the type of their input."""
    repository = tmp_path_factory.mktemp("models")
    for name, input_type in (("affine32", "FP32"), ("affine16", "FP16"), ("affine8", "UINT8")):
        add_affine(repository, name, input_type)
    return repository


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory, cache: Path, models: Path) -> Iterator[Stack]:
    """An empty stack whose data are deleted afterwards."""
    stack = Stack(StackConfig(home=tmp_path_factory.mktemp("home"), cache=cache, model_repository=models))
    yield stack
    stack.purge()
