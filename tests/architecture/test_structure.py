"""The shape of the code: sizes, pure cores, and nothing of the machine it was written on."""

from __future__ import annotations

import ast
import re
import statistics
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.architecture.source import PACKAGES, ROOT, committed, modules, name_of

LARGEST, MEDIAN = 400, 150
_CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter"}
_MACHINE = re.compile(r"(?<![\w.])/(?:root|home/\w+|work)/(?!\.cache\b)")
_TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".json", ".sh", ".html", ".css", ".js", ".pbtxt", ".txt", ".lock", ""}
_FOR_PEOPLE = ("docs/*.md", "docs/concepts/*.md", "docs/how-to/*.md", "docs/reference/*.md")
PAGES = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "deploy/README.md", "Dockerfile", "docker-compose.yml"]
PAGES += [name_of(path) for pattern in _FOR_PEOPLE for path in sorted(ROOT.glob(pattern))]
_REGISTRIES = {"pypi.org", "files.pythonhosted.org"}


def test_modules_are_small() -> None:
    sizes = {path: len(path.read_text().splitlines()) for path in modules(*PACKAGES, "bench", "tests")}
    assert {name_of(path): size for path, size in sizes.items() if size > LARGEST} == {}
    assert statistics.median(sizes.values()) <= MEDIAN


@pytest.mark.parametrize("path", modules("streams/core", "alerting/core"), ids=name_of)
def test_a_core_never_reads_the_clock(path: Path) -> None:
    called = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    assert [ast.unparse(each) for each in called if isinstance(each, ast.Attribute) and each.attr in _CLOCKS] == []


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    texts = [path for path in committed() if path.suffix in _TEXT and path != Path(__file__)]
    assert [name_of(path) for path in texts if _MACHINE.search(path.read_text(errors="replace"))] == []


def test_no_model_file_names_a_folder_or_a_source_file() -> None:
    models = [path for path in committed() if path.suffix == ".onnx"]
    assert models
    assert [
        name_of(path) for path in models if re.search(rb"/(?:root|home|work|tmp|usr)/|\.py\b", path.read_bytes())
    ] == []


def test_packages_come_from_the_public_index_alone() -> None:
    hosts = {urlsplit(url).hostname for url in re.findall(r'https?://[^"\s]+', (ROOT / "uv.lock").read_text())}
    assert hosts == _REGISTRIES


@pytest.mark.parametrize("page", PAGES)
def test_pages_say_that_it_is_not_a_medical_device(page: str) -> None:
    assert "not a medical device" in " ".join((ROOT / page).read_text().split())


@pytest.mark.parametrize("card", sorted((ROOT / "triton_models" / "cards").glob("*.md")), ids=name_of)
def test_cards_say_that_it_is_not_a_medical_device(card: Path) -> None:
    assert "not a medical device" in card.read_text()


@pytest.mark.parametrize("page", [path for path in committed() if path.suffix == ".md"], ids=name_of)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", [path for path in committed() if path.suffix == ".md"], ids=name_of)
def test_source_files_that_a_page_names_are_there(page: Path) -> None:
    named = re.findall(rf"`((?:{'|'.join(PACKAGES)})/[\w/]+\.\w+)`", page.read_text())
    assert [name for name in named if not (ROOT / name).is_file()] == []
