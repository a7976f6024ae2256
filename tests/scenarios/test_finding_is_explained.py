"""The key image of a finding is kept after its outcome was told, and can never harm it."""

from __future__ import annotations

import dataclasses
import io
from datetime import timedelta

import numpy as np
import pytest
from prometheus_client import REGISTRY

from board import queries
from schemas.findings import OutcomeKind
from store import key_images
from store.engine import transaction
from store.key_images import StoredKeyImage
from streams.agents.explaining import Explaining
from streams.pathways import Explain
from tests.fakes.pathway import finding, pathway
from tests.fakes.studies import study
from tests.scenarios.hospital import Hospital
from triton_models.explanation.key_image import KeyImage

pytestmark = pytest.mark.integration
PICTURE = KeyImage(np.full((8, 8, 3), 7, np.uint8), "left M1", {"heat": np.ones((2, 2), np.float32)})


def explained_by(hospital: Hospital, explain: Explain) -> None:
    hospital.pathway = dataclasses.replace(pathway(finding()), explain=explain)


async def kept(hospital: Hospital, outcome_of: str) -> StoredKeyImage | None:
    async with transaction(hospital.engine) as connection:
        return await key_images.of_reference(connection, outcome_of, "stroke")


async def reference_of(hospital: Hospital) -> str:
    now = hospital.clock()
    rows = await queries.read_board(hospital.engine, None, midnight=now - timedelta(hours=12), now=now)
    return rows.cases[0].reference


def unexplained(reason: str) -> float:
    labels = {"pathway": "stroke", "reason": reason}
    return REGISTRY.get_sample_value("codestroke_unexplained_total", labels) or 0.0


async def test_picture_and_arrays_are_kept_and_shown_with_the_outcome(hospital: Hospital) -> None:
    explained_by(hospital, lambda *_: PICTURE)
    await hospital.sees(study())
    reference = await reference_of(hospital)
    image = await kept(hospital, reference)
    assert image is not None
    assert image.png.startswith(b"\x89PNG")
    with np.load(io.BytesIO(image.arrays), allow_pickle=False) as arrays:
        assert arrays["heat"].shape == (2, 2)
    found = await queries.read_case(hospital.engine, reference)
    assert found is not None
    shown = found[0].pathways[0].key_image
    assert shown is not None
    assert shown.caption == "left M1"


async def test_a_defect_in_drawing_leaves_the_outcome_as_it_is(hospital: Hospital) -> None:
    def broken(*_: object) -> KeyImage:
        raise ZeroDivisionError

    explained_by(hospital, broken)
    before = unexplained("defect")
    outcome = await hospital.sees(study())
    assert outcome.outcome.kind is OutcomeKind.SCORED
    assert unexplained("defect") == before + 1
    assert await kept(hospital, await reference_of(hospital)) is None


async def test_a_failed_analysis_is_not_explained(hospital: Hospital) -> None:
    drawn: list[int] = []
    explained_by(hospital, lambda *_: drawn.append(1))
    (request,) = await hospital.arrives(study())
    hospital.clock.forward(3600)
    outcome = await hospital.is_analysed(request)
    assert outcome.outcome.kind is OutcomeKind.FAILED
    assert not drawn


async def test_past_the_deadline_nothing_is_drawn(hospital: Hospital) -> None:
    drawn: list[int] = []
    (request,) = await hospital.arrives(study())
    hospital.clock.forward(3600)
    before = unexplained("deadline")
    explaining = Explaining(engine=hospital.engine, now=hospital.clock)
    await explaining.explain(request, lambda: drawn.append(1))
    assert not drawn
    assert unexplained("deadline") == before + 1


async def test_nothing_to_show_is_no_picture(hospital: Hospital) -> None:
    explained_by(hospital, lambda *_: None)
    await hospital.sees(study())
    assert await kept(hospital, await reference_of(hospital)) is None


async def test_a_picture_of_late_slices_replaces_and_is_not_replaced(hospital: Hospital) -> None:
    explained_by(hospital, lambda *_: PICTURE)
    await hospital.sees(study())
    reference = await reference_of(hospital)
    first = await kept(hospital, reference)
    assert first is not None
    async with transaction(hospital.engine) as connection:
        await key_images.record(connection, dataclasses.replace(first, revision=3, caption="newest"))
        await key_images.record(connection, dataclasses.replace(first, revision=2, caption="older"))
    image = await kept(hospital, reference)
    assert image is not None
    assert image.caption == "newest"
    found = await queries.read_case(hospital.engine, reference)
    assert found is not None
    assert found[0].pathways[0].key_image is None  # of another revision than the outcome shown
