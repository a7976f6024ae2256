"""Every kind of head is there once; the scans that cannot be judged are refused for their own reason."""

from __future__ import annotations

import pytest

from triton_models.phantoms.head import is_judgeable
from triton_models.phantoms.head_gallery import GalleryHead, Inadequate, gallery, rendered
from triton_models.phantoms.occlusion import Segment
from triton_models.phantoms.regrid import regrid
from triton_models.phantoms.variants import HardNegative
from triton_models.prepared import Prepared
from triton_models.preprocessing import stroke

HEADS = {head.kind.value: head for head in gallery()}


def prepared(head: GalleryHead) -> Prepared:
    hu, truth = rendered(head)
    return stroke.prepare(regrid(hu, stroke.GRID, spacing_mm=truth.spacing_mm, origin_lps_mm=truth.origin_lps_mm))


def test_every_kind_is_there_once() -> None:
    assert set(HEADS) == {kind.value for group in (Segment, HardNegative, Inadequate) for kind in group}
    assert len(gallery()) == len(HEADS)


def test_every_occlusion_is_one_of_a_large_vessel() -> None:
    assert all(is_judgeable(head.parameters) for head in HEADS.values())


@pytest.mark.parametrize("kind", list(Inadequate))
def test_an_inadequate_scan_is_refused_for_its_own_reason(kind: Inadequate) -> None:
    head = HEADS[kind.value]
    refusal = prepared(head).refusal
    assert refusal is not None
    assert refusal.state.value == head.state.value
    assert head.reason in refusal.reason


@pytest.mark.parametrize("kind", [Segment.M1, HardNegative.VENOUS, HardNegative.ROTATION])
def test_a_head_that_can_be_judged_is_asked_about(kind: Segment | HardNegative) -> None:
    assert prepared(HEADS[kind.value]).refusal is None
