"""Lengths of time in words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from board.durations import clock_time, day_and_time, duration
from tests.board.builders import NOW


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00 min"),
        (59.9, "0:59 min"),
        (252, "4:12 min"),
        (3599, "59:59 min"),
        (3900, "1 h 05 min"),
        (90_000, "1 d 1 h"),
        (-61, "1:01 min"),
    ],
)
def test_a_duration_names_its_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_instants_are_24_hour_and_local() -> None:
    assert clock_time(NOW, ZoneInfo("Europe/Oslo")) == "15:10:00"
    assert day_and_time(NOW, ZoneInfo("Europe/Oslo")) == "24 Nov 2026 15:10:00 CET"
