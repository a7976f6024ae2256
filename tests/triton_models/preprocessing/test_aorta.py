"""The aorta pathway asks its model only about scans that hold enough abdomen."""

from __future__ import annotations

import numpy as np

from tests.triton_models.builders import abdomen_volume
from triton_models.phantoms.abdomen import AbdomenParameters
from triton_models.preprocessing import aorta
from triton_models.volume import Volume


def part_of(volume: Volume, cut: slice) -> Volume:
    return Volume(volume.hu[cut], volume.spacing_mm, volume.origin_lps_mm, volume.source_spacing_mm, 50)


def test_an_abdomen_becomes_one_column_of_bytes() -> None:
    prepared = aorta.prepare(abdomen_volume(AbdomenParameters(1))[0])
    assert prepared.refusal is None
    assert prepared.inputs["volume"].shape == (1, 1, *aorta.CROP_ZYX)
    assert prepared.inputs["volume"].dtype == np.uint8


def test_a_few_slices_cannot_exclude_an_aneurysm() -> None:
    volume, _ = abdomen_volume(AbdomenParameters(1))
    refusal = aorta.prepare(part_of(volume, slice(60, 70))).refusal
    assert refusal is not None
    assert (refusal.state, refusal.reason) == ("indeterminate", "coverage does not include the abdominal aorta")


def test_a_chest_alone_is_not_an_abdomen() -> None:
    volume, _ = abdomen_volume(AbdomenParameters(1))
    chest = volume.hu.copy()
    body = chest > -300
    for columns in (slice(50, 95), slice(125, 170)):
        chest[:, 60:160, columns][body[:, 60:160, columns]] = -850
    refusal = aorta.prepare(Volume(chest, volume.spacing_mm, volume.origin_lps_mm, (3, 3, 3), 135)).refusal
    assert refusal is not None
    assert (refusal.state, refusal.reason) == ("not_applicable", "the scan shows the chest, not the abdomen")


def test_an_empty_volume_is_not_applicable() -> None:
    refusal = aorta.prepare(
        Volume(np.full((4, 160, 160), -1024, np.float32), (2.5,) * 3, (0, 0, 0), (1, 1, 1), 1)
    ).refusal
    assert refusal is not None
    assert refusal.state == "not_applicable"


def test_facts_place_the_column_in_the_patient() -> None:
    volume, truth = abdomen_volume(AbdomenParameters(3, 70.0))
    facts = aorta.prepare(volume).facts
    x, y, z = truth.widest_lps_mm
    step = facts["spacing_mm"]
    block = aorta.prepare(volume).inputs["volume"][0, 0]
    at = [round((p - facts[f"origin_{a}_mm"]) / step) for p, a in ((z, "z"), (y, "y"), (x, "x"))]
    assert block[at[0], at[1], at[2]] > 200
