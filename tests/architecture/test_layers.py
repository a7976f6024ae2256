"""Who may import whom: the contracts of `.importlinter`, and what they cannot say."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGES, ROOT, imported, modules, name_of

# All that a decision needs: no file, socket, clock, thread or chance.
PURE = {
    "__future__",
    "bisect",
    "hashlib",
    "hmac",
    "collections",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "itertools",
    "math",
    "re",
}
PURE |= {"msgspec", "schemas", "statistics", "typing"}
# One process serves without these; importing all of it must not load them. Judging a folder is no serving.
MODELS = ("contracts", "explanation", "phantoms", "postprocessing", "preprocessing")
SERVING = (*PACKAGES[:-1], *(f"triton_models.{name}" for name in MODELS))
IMPORT_ALL = """
import importlib, pkgutil, sys
for root in sys.argv[1:]:
    package = importlib.import_module(root)
    for module in pkgutil.walk_packages(package.__path__, root + "."):
        apart = {"triton_backend", "evaluation"} & set(module.name.split("."))
        if not apart and not module.name.endswith(("__main__", "migrations.env")):
            importlib.import_module(module.name)
print(*sorted({"torch", "monai", "onnx", "onnxruntime", "pandas", "scipy"} & set(sys.modules)))
"""


def test_dependencies_point_one_way() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_package_stands_in_the_layers() -> None:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    layers = set(re.findall(r"\w+", contracts["importlinter:contract:layers"]["layers"]))
    here = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert here == layers == set(PACKAGES) == set(contracts["importlinter"]["root_packages"].split())


@pytest.mark.parametrize("core", ["streams.core", "alerting.core"])
def test_a_core_imports_nothing_that_could_do_anything(core: str) -> None:
    for path in modules(core.replace(".", "/")):
        others = {name for name in imported(path) if not f"{name}.".startswith(f"{core}.")}
        assert {name for name in others if name.split(".")[0] not in PURE} == set(), name_of(path)


@pytest.mark.parametrize("path", modules("schemas"), ids=name_of)
def test_the_common_language_needs_msgspec_and_python_alone(path: Path) -> None:
    roots = {name.split(".")[0] for name in imported(path)}
    assert roots <= {"schemas", "msgspec"} | set(sys.stdlib_module_names)


def test_nothing_that_serves_loads_what_trains() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *SERVING], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_imports_a_test_or_a_benchmark(package: str) -> None:
    roots = {name.split(".")[0] for path in modules(package) for name in imported(path)}
    assert roots.isdisjoint({"tests", "bench"})
