"""An occlusion counts as one of a large vessel where it takes away much, and something can be seen of that."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from schemas.findings import Side
from triton_models.phantoms.occlusion import Occlusion, Segment, block, is_large
from triton_models.phantoms.tree import ArterialTree
from triton_models.phantoms.variants import shortened_below
from triton_models.phantoms.willis import draw_tree

TREE = draw_tree(3)


def large(segment: Segment, *, tree: ArterialTree = TREE, collateral: float = 0.3, seed: int = 1) -> bool:
    side = Side.MIDLINE if segment is Segment.BASILAR else Side.LEFT
    occlusion = Occlusion(segment, side, 10.0, collateral)
    return is_large(tree, occlusion, block(tree, occlusion, np.random.default_rng(seed)))


@pytest.mark.parametrize("segment", list(Segment))
def test_a_blocked_main_artery_is_large(segment: Segment) -> None:
    assert large(segment)


def test_a_division_thinner_than_a_millimetre_and_a_half_is_not() -> None:
    assert not large(Segment.M2, tree=dataclasses.replace(TREE, radius_mm=TREE.radius_mm * 0.5))


def test_an_m2_that_collaterals_hide_is_not() -> None:
    assert not all(large(Segment.M2, collateral=0.97, seed=seed) for seed in range(6))


def test_a_basilar_artery_that_does_not_show_anyway_is_not() -> None:
    assert not large(Segment.BASILAR, tree=shortened_below(TREE, -5.0))
