"""Variants change what they say they change, and block nothing."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.findings import Side
from triton_models.phantoms.acquisition import Acquisition, acquired, random_acquisition
from triton_models.phantoms.head import HeadParameters, render_head
from triton_models.phantoms.occlusion import m1_path, mca_start
from triton_models.phantoms.paint import Sampling
from triton_models.phantoms.skull import random_style
from triton_models.phantoms.tree import ArterialTree, Artery, TreeBuilder
from triton_models.phantoms.variants import (
    TREE_VARIANTS,
    HardNegative,
    calcifications,
    grafted,
    recalibrated,
    reshaped,
    shortened_below,
)
from triton_models.phantoms.willis import draw_tree

TREE = draw_tree(3)


@pytest.mark.parametrize("kind", list(TREE_VARIANTS))
@pytest.mark.parametrize("seed", range(4))
def test_a_variant_only_thins(kind: HardNegative, seed: int) -> None:
    found = TREE_VARIANTS[kind](TREE, np.random.default_rng(seed))
    assert np.array_equal(found.points_mm, TREE.points_mm)
    assert np.all(found.radius_mm <= TREE.radius_mm)
    assert np.any(found.radius_mm < TREE.radius_mm)


@pytest.mark.parametrize("seed", range(8))
def test_a_stenosis_leaves_a_third_to_a_half_of_the_lumen(seed: int) -> None:
    found = TREE_VARIANTS[HardNegative.STENOSIS](TREE, np.random.default_rng(seed))
    ratio = float((found.radius_mm / TREE.radius_mm).min())
    assert 0.29 <= ratio <= 0.72


def test_a_graft_joins_two_people_and_keeps_parents_before_children() -> None:
    found = grafted(TREE, draw_tree(8), Side.LEFT)
    assert np.all(found.parent < np.arange(len(found.parent)))
    path = found.points_mm[m1_path(found, mca_start(found, Side.LEFT))]
    donor = draw_tree(8)
    assert np.allclose(path, donor.points_mm[m1_path(donor, mca_start(donor, Side.LEFT))])
    assert found.points_mm[mca_start(found, Side.RIGHT)][0] < 0


def test_other_people_keep_their_sides() -> None:
    for seed in range(5):
        found = recalibrated(reshaped(TREE, np.random.default_rng(seed)), np.random.default_rng(seed))
        assert found.points_mm[mca_start(found, Side.LEFT)][0] > 0


def test_nothing_is_left_below_the_limit() -> None:
    found = shortened_below(TREE, -20.0)
    assert not found.radius_mm[found.points_mm[:, 2] < -20.0].any()


def test_plaques_lie_at_the_wall() -> None:
    beads = calcifications(TREE, np.random.default_rng(2))
    away = np.linalg.norm(TREE.points_mm[None] - beads.centres_mm[:, None], axis=2).min(axis=1)
    assert float(np.median(away)) < 3.0
    assert beads.added_hu.min() >= 400


def forked() -> ArterialTree:
    """A measured tree's trap: the anterior cerebral artery hangs on the first point of the middle one."""
    tree = TreeBuilder()
    first = tree.branch(np.array([[10.0, 0, 0], [30.0, 0, 0]]), (1.4, 1.3), Artery.MCA_LEFT)
    tree.branch(np.array([[10.0, 0, 0], [5, -20.0, 10], [5, -40.0, 40]]), (1, 1), Artery.ACA_LEFT, parent=first[0])
    for z in (-12.0, 12.0):
        tree.branch(np.array([[30.0, 0, 0], [45, 0, z]]), (1, 1), Artery.MCA_LEFT, parent=first[-1])
    return tree.build()


def test_the_m1_does_not_end_where_the_aca_leaves() -> None:
    tree = forked()
    end = tree.points_mm[m1_path(tree, mca_start(tree, Side.LEFT))[-1]]
    assert np.allclose(end, (30, 0, 0), atol=1.0)


@pytest.mark.parametrize("seed", range(3))
def test_any_scanner_gives_a_plausible_series(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parameters = HeadParameters(seed, style=random_style(rng), acquisition=random_acquisition(rng, merged=2))
    hu, truth = render_head(parameters, Sampling((120, 112, 112), (1.5, 2.0, 2.0)))
    assert hu.shape == (60, 112, 112)
    assert truth.spacing_mm == (3.0, 2.0, 2.0)
    assert -1024 <= hu.min() < -700
    assert hu.max() > 500


def test_noise_and_thickness_are_what_they_are_said_to_be() -> None:
    flat = np.full((8, 96, 96), 40, np.int16)
    found = acquired(flat, (0.5, 0.5, 0.5), Acquisition(merged=4, noise_hu=20.0), np.random.default_rng(1))
    assert found.shape == (2, 96, 96)
    assert float(found.std()) == pytest.approx(20.0, rel=0.15)
