"""The gallery: every class once, as studies and as labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from codestroke.evaluation.labels import read_labels
from schemas.findings import FindingState, OutcomeKind
from simulator.exhibits import exhibits
from simulator.gallery import gallery_shift, write_gallery
from simulator.render import render
from triton_models.evidence.cases import Label


def test_every_class_is_there_once_and_is_told_apart() -> None:
    found = [(item.pathway, item.name) for item in exhibits()]
    assert len(found) == len(set(found))
    assert {pathway for pathway, _ in found} == {"stroke", "aorta", "chest"}
    uids = {arrival.order.study_uid for arrival in gallery_shift().arrivals}
    assert len(uids) == len(found)


def test_only_disease_that_alerts_pages() -> None:
    for arrival in gallery_shift().arrivals:
        expected = arrival.expected
        assert not (expected.pages and expected.pathway == "chest")
        if expected.pages:
            assert expected.finding is FindingState.DETECTED
        if expected.outcome is not OutcomeKind.SCORED:
            assert not expected.pages


def test_the_labels_can_be_read_and_fit_the_studies(tmp_path: Path) -> None:
    truths = read_labels(write_gallery(tmp_path, pathway="chest"))
    shift = gallery_shift(pathway="chest")
    assert set(truths) == {arrival.order.study_uid for arrival in shift.arrivals}
    assert sum(truth.label is Label.POSITIVE for truth in truths.values()) >= 4
    assert all(list((tmp_path / uid).glob("*.dcm")) for uid in truths)


@pytest.mark.parametrize("name", ["monochrome1", "lateral"])
def test_films_say_in_their_header_what_they_are(name: str) -> None:
    shift = gallery_shift(pathway="chest")
    (order,) = [arrival.order for arrival in shift.arrivals if arrival.name == f"chest: {name}"]
    (film,) = render(order)
    wanted = {"monochrome1": ("MONOCHROME1", "PA"), "lateral": ("MONOCHROME2", "LL")}[name]
    assert (film.PhotometricInterpretation, film.ViewPosition) == wanted
