"""The settings page in the documentation says what the code says."""

from __future__ import annotations

from pathlib import Path

from codestroke.settings.reference import render

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_the_page_is_not_stale() -> None:
    assert PAGE.read_text() == render(), "run: codestroke doctor --settings > docs/reference/settings.md"


def test_a_secret_shows_no_value() -> None:
    assert "codestroke@127.0.0.1" not in render()
