"""The script of the demo, and its preparation on disk."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from schemas.findings import FindingState, OutcomeKind, Side
from simulator import shift as shift_module
from simulator.render import Order
from simulator.shift import Arrival, Shift, demo_shift, prepare, write
from simulator.specs import ChestFilm, Damage, HeadCt

FILM = Order(seed=9, number=1, spec=ChestFilm(rows=128))


def _named(words: str) -> Arrival:
    return next(item for item in demo_shift().arrivals if words in item.name)


def test_the_script_is_repeatable() -> None:
    assert demo_shift(4) == demo_shift(4)


def test_arrivals_come_in_order_and_are_told_apart() -> None:
    arrivals = demo_shift().arrivals
    times = [item.at_s for item in arrivals]
    assert times == sorted(times)
    assert len({item.name for item in arrivals}) == len(arrivals)
    assert len({item.order.study_uid for item in arrivals}) == len(arrivals)


def test_the_occlusion_comes_behind_routine_films() -> None:
    occlusion = _named("occlusion")
    before = [item for item in demo_shift().arrivals if item.at_s < occlusion.at_s]
    assert len(before) >= 5
    assert all(isinstance(item.order.spec, ChestFilm) for item in before)


def test_only_the_occlusion_and_the_aneurysm_ring_a_phone() -> None:
    assert {item.expected.pathway for item in demo_shift().arrivals if item.expected.pages} == {"stroke", "aorta"}


def test_expected_findings_are_those_of_the_phantoms() -> None:
    for item in demo_shift().arrivals:
        spec = item.order.spec
        if isinstance(spec, ChestFilm):
            ill = spec.consolidation is not Side.NONE
            assert (item.expected.finding is FindingState.DETECTED) is ill


def test_what_is_damaged_must_fail() -> None:
    damaged = [i for i in demo_shift().arrivals if getattr(i.order.spec, "damage", Damage.NONE) is not Damage.NONE]
    assert damaged
    assert all(item.expected.outcome is OutcomeKind.FAILED for item in damaged)


def test_no_two_patients_share_a_canary_but_the_birthday() -> None:
    ids = [item.order.patient.patient_id for item in demo_shift().arrivals]
    assert len(set(ids)) == len(ids)
    assert set(ids) <= set(demo_shift().canaries)


def test_nothing_is_rendered_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(FILM, tmp_path / "film")
    before = (folder / "00001.dcm").stat().st_mtime_ns
    monkeypatch.setattr(shift_module, "render", lambda _: pytest.fail("rendered again"))
    assert write(FILM, folder) == folder
    assert (folder / "00001.dcm").stat().st_mtime_ns == before


def test_another_study_under_the_same_name_is_replaced_whole(tmp_path: Path) -> None:
    folder = write(Order(seed=9, number=1, spec=HeadCt()), tmp_path / "study")
    other = dataclasses.replace(FILM, seed=10)
    write(other, folder)
    assert [path.name for path in sorted(folder.glob("*.dcm"))] == ["00001.dcm"]


def test_a_study_that_was_interrupted_is_made_anew(tmp_path: Path) -> None:
    folder = write(FILM, tmp_path / "film")
    (folder / "complete").unlink()
    (folder / "00001.dcm").write_bytes(b"half")
    assert (write(FILM, folder) / "00001.dcm").stat().st_size > 128 * 128 * 2


def test_preparing_tells_of_each_study(tmp_path: Path) -> None:
    arrival = dataclasses.replace(demo_shift().arrivals[0], order=FILM)
    told: list[str] = []
    folders = prepare(Shift([arrival]), tmp_path, done=lambda item: told.append(item.name))
    assert list(folders) == told == [arrival.name]
