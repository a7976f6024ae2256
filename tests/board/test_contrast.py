"""Colours of the style sheet: WCAG 2.2 contrast (1.4.3, 1.4.11), light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import board

CSS = (Path(board.__file__).parent / "static" / "board.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.S)
)
TONES = ("emergency", "urgent", "notice", "attention", "unsure", "working", "quiet", "outside")
PAIRS = [
    *((tone, "card") for tone in TONES),
    *(("text", ground) for ground in ("card", "ground", "emergency-wash", "urgent-wash")),
    *(("muted", ground) for ground in ("card", "ground", "emergency-wash", "urgent-wash")),
    ("emergency", "emergency-wash"),
    ("urgent", "urgent-wash"),
    ("attention", "emergency-wash"),
    ("attention", "urgent-wash"),
    ("attention", "ground"),
    ("good", "card"),
    ("good", "emergency-wash"),
    ("good", "urgent-wash"),
    ("stale-text", "stale"),
]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), PAIRS)
def test_text_has_enough_contrast(scheme: dict[str, str], front: str, back: str) -> None:
    assert contrast({**LIGHT, **scheme}[front], {**LIGHT, **scheme}[back]) >= 4.5


def test_the_formula_gives_the_known_extremes() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("tone", TONES)
def test_every_tone_has_a_shape_of_its_own(tone: str) -> None:
    shapes = (Path(board.__file__).parent / "templates" / "shapes.html").read_text()
    drawn = re.findall(r'<symbol id="shape-(\w+)"[^>]*>(.*?)</symbol>', shapes)
    assert dict(drawn)[tone]
    assert len({picture for _, picture in drawn}) == len(TONES)
