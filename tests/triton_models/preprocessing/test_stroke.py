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
from triton_models.preprocessing import stroke
from triton_models.volume import PAD_HU, Volume


def test_a_cta_head_becomes_one_block_of_bytes() -> None:
    prepared = stroke.prepare(head_volume(HeadParameters(1))[0])
    assert prepared.refusal is None
    assert prepared.inputs["volume"].shape == (1, 1, *stroke.CROP_ZYX)
    assert prepared.inputs["volume"].dtype == np.uint8


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
    cut = Volume(volume.hu[:-30], volume.spacing_mm, volume.origin_lps_mm, volume.source_spacing_mm, 100)
    refusal = stroke.prepare(cut).refusal
    assert refusal is not None
    assert "vertex" in refusal.reason


def test_nothing_but_air_is_not_applicable() -> None:
    hu = np.full((100, 160, 160), -1000.0, np.float32)
    refusal = stroke.prepare(Volume(hu, stroke.GRID.spacing_mm, (0, 0, 0), (1, 1, 1), 100)).refusal
    assert refusal is not None
    assert refusal.state == "not_applicable"


def test_an_empty_volume_is_not_applicable() -> None:
    hu = np.full((10, 160, 160), PAD_HU, np.float32)
    refusal = stroke.prepare(Volume(hu, stroke.GRID.spacing_mm, (0, 0, 0), (1, 1, 1), 1)).refusal
    assert refusal is not None
    assert refusal.state == "not_applicable"


def test_an_abdomen_is_refused() -> None:
    hu = abdomen_volume(AbdomenParameters(1))[0].hu[:150]
    refusal = stroke.prepare(Volume(hu, stroke.GRID.spacing_mm, (0, 0, 0), (3, 3, 3), 100)).refusal
    assert refusal is not None


@pytest.mark.parametrize("shift", [(-8.0, 5.0), (6.0, -6.0)])
def test_the_block_follows_a_head_that_lies_off_centre(shift: tuple[float, float]) -> None:
    prepared = stroke.prepare(head_volume(HeadParameters(2, shift_mm=shift), HEAD_SAMPLING)[0])
    assert abs(prepared.facts["midline_x_mm"]) < 3.0


def test_facts_place_the_block_in_the_patient() -> None:
    volume, truth = head_volume(HeadParameters(5, occlusion=Occlusion(Segment.M1, Side.LEFT), noise_hu=1.0))
    facts = stroke.prepare(volume).facts
    site = truth.site_lps_mm
    assert site is not None
    index = [(s - facts[f"origin_{a}_mm"]) / facts["spacing_mm"] for s, a in zip(site, "xyz", strict=True)]
    assert all(0 < i < n for i, n in zip(index, reversed(stroke.CROP_ZYX), strict=True))
    assert index[0] > stroke.CROP_ZYX[2] / 2
