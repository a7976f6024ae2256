"""What installs codestroke: the installer is pinned, the locks are whole, the commands that people know are there."""

from __future__ import annotations

import re
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PINS = (ROOT / ".ci" / "uv.txt").read_text()
PACKAGES: list[dict[str, Any]] = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
MAKEFILE = (ROOT / "Makefile").read_text()


def test_the_installer_is_the_one_that_the_lock_holds() -> None:
    uv = next(package for package in PACKAGES if package["name"] == "uv")
    assert f"uv=={uv['version']} " in PINS
    assert set(re.findall(r"sha256:[0-9a-f]{64}", PINS)) == {wheel["hash"] for wheel in uv["wheels"]}


@pytest.mark.parametrize("name", ["Makefile", "Dockerfile"])
def test_the_installer_is_installed_by_its_hash(name: str) -> None:
    installs = [line for line in (ROOT / name).read_text().splitlines() if "pip install" in line]
    assert installs
    assert all("--require-hashes" in line and "uv.txt" in line for line in installs)


def test_every_package_of_the_lock_has_a_checksum() -> None:
    files = [wheel for package in PACKAGES for wheel in package.get("wheels", [])]
    assert len(files) > len(PACKAGES)
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each["hash"]) for each in files)


@pytest.mark.parametrize("target", ["setup", "demo", "test", "check", "services", "bench"])
def test_make_knows_the_commands_of_the_readme(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
    assert re.search(rf"^\.PHONY:.*\b{target}\b", MAKEFILE, re.MULTILINE)


def test_the_demo_needs_no_training_packages() -> None:
    assert re.search(r"^demo: setup$", MAKEFILE, re.MULTILINE)
    assert "--extra train" not in MAKEFILE.split("setup-train:")[0]


def test_ci_runs_what_the_readme_says() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    assert script.read_text().splitlines()[-2:] == ["make check", "make test"]
