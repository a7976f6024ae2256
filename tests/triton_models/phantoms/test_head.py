"""What a head phantom says is true can be found in its voxels, on the side it says."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.findings import Side
from tests.triton_models.builders import HEAD_SAMPLING
from triton_models.phantoms.head import HeadParameters, render_head
from triton_models.phantoms.occlusion import Occlusion, Segment, block, m1_path, mca_start, open_tree
from triton_models.phantoms.willis import draw_tree

SIDES = (Side.LEFT, Side.RIGHT)


def brightest_near(hu: np.ndarray, truth, point: tuple[float, ...], reach_mm: float) -> float:  # type: ignore[no-untyped-def]
    """Largest HU in a cube around a point in LPS millimetres."""
    spacing = truth.spacing_mm
    cut = []
    for value, origin, step, size in zip(point[::-1], truth.origin_lps_mm[::-1], spacing, hu.shape, strict=True):
        low = int((value - reach_mm - origin) / step)
        cut.append(slice(max(low, 0), min(int((value + reach_mm - origin) / step) + 2, size)))
    return float(hu[tuple(cut)].max())


def test_the_same_seed_gives_the_same_voxels() -> None:
    first, _ = render_head(HeadParameters(4), HEAD_SAMPLING)
    again, _ = render_head(HeadParameters(4), HEAD_SAMPLING)
    assert np.array_equal(first, again)


@pytest.mark.parametrize("side", SIDES)
def test_contrast_stops_on_the_side_that_is_said(side: Side) -> None:
    parameters = HeadParameters(4, occlusion=Occlusion(Segment.M1, side, 12.0, 0.0), noise_hu=2.0)
    tree = draw_tree(4)
    path = m1_path(tree, mca_start(tree, side))
    end = tuple(float(v) for v in tree.points_mm[path[-1]])
    other = (-end[0], end[1], end[2])
    hu, truth = render_head(parameters, HEAD_SAMPLING)
    assert truth.side is side
    assert (truth.site_lps_mm or (0,))[0] * (1 if side is Side.LEFT else -1) > 5
    assert brightest_near(hu, truth, end, 2.0) < 110
    assert brightest_near(hu, truth, other, 8.0) > 160


def test_left_has_the_larger_x() -> None:
    tree = draw_tree(9)
    assert tree.points_mm[mca_start(tree, Side.LEFT)][0] > 0 > tree.points_mm[mca_start(tree, Side.RIGHT)][0]


def test_a_mirrored_tree_swaps_names_and_places() -> None:
    tree, mirror = draw_tree(9), draw_tree(9).mirrored()
    assert mca_start(tree, Side.LEFT) == mca_start(mirror, Side.RIGHT)
    assert mirror.points_mm[mca_start(mirror, Side.LEFT)][0] > 0


@pytest.mark.parametrize("segment", list(Segment))
@pytest.mark.parametrize("side", SIDES)
def test_a_clot_takes_contrast_from_its_own_side_only(segment: Segment, side: Side) -> None:
    tree = draw_tree(12)
    blocked = block(tree, Occlusion(segment, side, 10.0, 0.3), np.random.default_rng(1))
    assert blocked.clot.any()
    if segment is not Segment.BASILAR:
        away = tree.points_mm[:, 0] * (1 if side is Side.LEFT else -1) < -3
        assert np.all(blocked.filling[away] == 1.0)
        assert not blocked.clot[away].any()


def test_an_open_tree_fills_everywhere() -> None:
    assert np.all(open_tree(draw_tree(1)).filling == 1.0)


def test_without_contrast_no_vessel_is_bright() -> None:
    plain, truth = render_head(HeadParameters(4, contrast=False, noise_hu=2.0), HEAD_SAMPLING)
    assert brightest_near(plain, truth, (20.0, -8.0, 3.0), 4.0) < 90


def test_thick_slices_show_the_same_place() -> None:
    occlusion = Occlusion(Segment.ICA_T, Side.RIGHT)
    _, thin = render_head(HeadParameters(4, occlusion=occlusion), HEAD_SAMPLING)
    coarse = type(HEAD_SAMPLING)((40, 100, 100), (5.0, 2.3, 2.3))
    _, thick = render_head(HeadParameters(4, occlusion=occlusion), coarse)
    assert thin.site_lps_mm == thick.site_lps_mm
