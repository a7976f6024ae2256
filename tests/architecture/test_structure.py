"""The shape of the code: layers, sizes, pure cores, and nothing of the machine it was written on."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("alerting", "board", "codestroke", "schemas", "simulator", "store", "streams", "triton_models")
CORES = ("streams/core", "alerting/core")
LARGEST, MEDIAN = 400, 150
_CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("time", "time"), ("time", "monotonic")}
_MACHINE = re.compile(r"/(?:root|home/\w+|work)/(?!\.cache\b)")
_TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".json", ".sh", ".html", ".css", ".js", ""}


def _modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_dependencies_point_one_way() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_package_stands_in_the_layers() -> None:
    here = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    layers = (ROOT / ".importlinter").read_text()
    assert here == set(PACKAGES)
    assert all(re.search(rf"^    .*\b{package}\b", layers, re.MULTILINE) for package in PACKAGES)


def test_modules_are_small() -> None:
    sizes = {path: len(path.read_text().splitlines()) for path in _modules(*PACKAGES, "bench", "tests")}
    assert {str(path.relative_to(ROOT)): size for path, size in sizes.items() if size > LARGEST} == {}
    assert statistics.median(sizes.values()) <= MEDIAN


@pytest.mark.parametrize("path", _modules(*CORES), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_core_never_reads_the_clock(path: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    read = {(f.value.id, f.attr) for f in calls if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name)}
    assert read & _CLOCKS == set()


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    texts = [ROOT / name for name in listed if name and Path(name).suffix in _TEXT and name != "uv.lock"]
    found = [
        path.relative_to(ROOT)
        for path in texts
        if path.is_file() and path != Path(__file__) and _MACHINE.search(path.read_text(errors="replace"))
    ]
    assert found == []


@pytest.mark.parametrize("page", ["README.md", "SECURITY.md", "docs/index.md", "docs/concepts/for-clinicians.md"])
def test_pages_say_that_it_is_not_a_medical_device(page: str) -> None:
    assert "not a medical device" in " ".join((ROOT / page).read_text().split())


@pytest.mark.parametrize("card", sorted((ROOT / "triton_models" / "cards").glob("*.md")), ids=lambda path: path.name)
def test_cards_say_that_it_is_not_a_medical_device(card: Path) -> None:
    assert "not a medical device" in card.read_text()
