"""The two benchmarks of paging without servers: small runs, and proof that they see what they look for."""

from __future__ import annotations

import random

import pytest

from alerting.core.gsm7 import BASIC, EXTENDED
from bench import paging_core, paging_words
from bench.canaries import invent
from bench.gsm338 import odd_characters, segments
from tests.paging.histories import History


def test_every_history_of_a_small_run_ends_with_every_step_on_time() -> None:
    report = paging_core.run(200)
    assert (report["histories"], report["unfinished"], report["broken"]) == (200, 0, 0)
    assert sum(report["ended"].values()) == 200
    assert 0 < report["worst_step_error_s"] <= 1


def test_a_pager_that_looks_too_seldom_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(History, "_tick", lambda _, at: at + 3000)
    assert paging_core.run(50)["worst_step_error_s"] > 1


def test_nothing_of_a_patient_is_in_what_goes_out_for_some_incidents() -> None:
    report = paging_words.run(30)
    assert (report["planted"], report["hits"], report["segments_max"], report["outside_gsm7"]) == (30, 0, 1, [])
    assert report["texts"] > 0 < report["scripts"]


@pytest.mark.parametrize("seed", range(5))
def test_a_patient_is_found_in_any_spelling(seed: int) -> None:
    patient = invent(random.Random(seed))
    assert all(patient.traces_in(f"CODESTROKE: {spelling}. Case K7FQ.") for spelling in patient.spellings())
    assert patient.traces_in("CODESTROKE EMERGENCY: LVO suspected, left M1. Case K7FQ, 4 min since scan.") == []


def test_both_alphabets_were_written_down_alike() -> None:
    assert odd_characters("".join(BASIC | EXTENDED)) == []
    assert [segments(each * 160) for each in sorted(BASIC)] == [1] * 127
    assert [segments(each * 80) for each in sorted(EXTENDED)] == [1] * len(EXTENDED)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 307, 3),
        ("[" * 81, 2),
        ("\u2019" + "a" * 69, 1),
        ("\u2019" + "a" * 70, 2),
    ],
)
def test_segments_are_counted_by_the_standard(text: str, count: int) -> None:
    assert segments(text) == count
