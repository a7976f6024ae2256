"""The stroke pathway asks its model only about heads that can answer."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.findings import Side
from tests.triton_models.builders import HEAD_SAMPLING, abdomen_volume, head_volume
from triton_models.phantoms.abdomen import AbdomenParameters
from triton_models.phantoms.head import HeadParameters
from triton_models.phantoms.occlusion import Occlusion, Segment
from triton_models.phantoms.paint import Sampling
from triton_models.postprocessing.stroke import block_point
from triton_models.preprocessing import stroke
from triton_models.volume import PAD_HU, Volume


def test_a_cta_head_becomes_one_stack_of_slabs() -> None:
    prepared = stroke.prepare(head_volume(HeadParameters(1))[0])
    assert prepared.refusal is None
    assert prepared.inputs["slabs"].shape == (1, 2, *stroke.SLABS_ZYX)
    assert prepared.inputs["slabs"].dtype == np.uint8


@pytest.mark.parametrize("seed", range(3))
def test_a_plain_head_is_indeterminate_not_negative(seed: int) -> None:
    refusal = stroke.prepare(head_volume(HeadParameters(seed, contrast=False))[0]).refusal
    assert refusal is not None
    assert (refusal.state, refusal.reason) == ("indeterminate", "no contrast")


def test_a_short_scan_does_not_reach_the_circle_of_willis() -> None:
    short = Sampling((60, 144, 144), (1.3, 1.6, 1.6))
    refusal = stroke.prepare(head_volume(HeadParameters(1), short)[0]).refusal
    assert refusal is not None
    assert "circle of Willis" in refusal.reason


def test_a_scan_without_the_vertex_is_refused() -> None:
    volume, _ = head_volume(HeadParameters(1))
    cut = Volume(volume.hu[:-70], volume.spacing_mm, volume.origin_lps_mm, volume.source_spacing_mm, 100)
    refusal = stroke.prepare(cut).refusal
    assert refusal is not None
    assert "vertex" in refusal.reason


def test_nothing_but_air_is_not_applicable() -> None:
    hu = np.full((100, 224, 224), -1000.0, np.float32)
    refusal = stroke.prepare(Volume(hu, stroke.GRID.spacing_mm, (0, 0, 0), (1, 1, 1), 100)).refusal
    assert refusal is not None
    assert refusal.state == "not_applicable"


def test_an_empty_volume_is_not_applicable() -> None:
    hu = np.full((10, 224, 224), PAD_HU, np.float32)
    refusal = stroke.prepare(Volume(hu, stroke.GRID.spacing_mm, (0, 0, 0), (1, 1, 1), 1)).refusal
    assert refusal is not None
    assert refusal.state == "not_applicable"


def test_an_abdomen_is_refused() -> None:
    hu = abdomen_volume(AbdomenParameters(1))[0].hu[:150]
    refusal = stroke.prepare(Volume(hu, stroke.GRID.spacing_mm, (0, 0, 0), (3, 3, 3), 100)).refusal
    assert refusal is not None


def test_a_scan_that_starts_just_below_the_vertex_is_read() -> None:
    prepared = stroke.prepare(head_volume(HeadParameters(1, top_margin_mm=-20.0))[0])
    assert prepared.refusal is None
    assert prepared.facts["below_vertex_mm"] > stroke.NEEDED_BELOW_VERTEX_MM


@pytest.mark.parametrize(
    ("yaw", "shift"), [(0.0, (-8.0, 5.0)), (12.0, (6.0, -6.0)), (-15.0, (0.0, 0.0))], ids=["shifted", "both", "turned"]
)
def test_the_midline_becomes_the_middle_column(yaw: float, shift: tuple[float, float]) -> None:
    parameters = HeadParameters(2, shift_mm=shift, yaw_deg=yaw)
    facts = stroke.prepare(head_volume(parameters, HEAD_SAMPLING)[0]).facts
    middle = block_point((0.0, 0.0, 0.0), facts)[2]
    assert abs(middle - (stroke.CROP_ZYX[2] - 1) / 2) < 4.0


@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
def test_facts_place_the_block_in_the_patient(side: Side) -> None:
    parameters = HeadParameters(5, occlusion=Occlusion(Segment.M1, side), noise_hu=1.0, yaw_deg=8.0)
    volume, truth = head_volume(parameters)
    facts = stroke.prepare(volume).facts
    assert truth.site_lps_mm is not None
    z, y, x = block_point(truth.site_lps_mm, facts)
    assert all(0 < i < n for i, n in zip((z, y, x), stroke.CROP_ZYX, strict=True))
    assert bool(x > stroke.CROP_ZYX[2] / 2) is (side is Side.LEFT)


def test_arteries_of_any_brightness_look_alike_in_the_slabs() -> None:
    weak, strong = (
        np.asarray(stroke.prepare(head_volume(HeadParameters(3, arterial_hu=hu, noise_hu=1.0))[0]).inputs["slabs"])[
            0, 0
        ]
        for hu in (230.0, 460.0)
    )
    middle = np.s_[:, 30:100, 34:94]
    levels = [float(np.sort(s[middle].ravel())[-400:].mean()) for s in (weak, strong)]
    assert abs(levels[0] - levels[1]) < 25
