"""The banded product is the dense product of exact weights, for every axis one can think of."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.dicom.resample import Axis, PlaneReducer, band_of, centred, overlap_weights

axes = st.builds(
    Axis,
    source=st.integers(1, 70),
    target=st.integers(1, 45),
    start=st.floats(-30, 60),
    ratio=st.floats(0.05, 12),
    flipped=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(axes, axes, st.integers(0, 2**32 - 1))
def test_banded_product_is_the_dense_product(rows: Axis, columns: Axis, seed: int) -> None:
    row_band, column_band = band_of(rows), band_of(columns)
    row_weights, column_weights = overlap_weights(rows), overlap_weights(columns)
    if row_band is None or column_band is None:
        assert not row_weights.any() or not column_weights.any()
        return
    image = np.random.default_rng(seed).integers(-2000, 3000, (rows.source, columns.source)).astype(np.int16)
    reduced = PlaneReducer(row_band, column_band).reduce(image[row_band.lo : row_band.hi])
    expected = row_weights @ image.astype(np.float64) @ column_weights.T
    assert reduced.shape == (rows.target, columns.target)
    assert abs(reduced - expected).max() < 0.02


@settings(max_examples=200, deadline=None)
@given(axes)
def test_weights_of_a_covered_cell_sum_to_one(axis: Axis) -> None:
    sums = overlap_weights(axis).sum(axis=1)
    assert ((abs(sums - 1) < 1e-9) | (sums == 0)).all()


def test_partial_cells_count_by_what_they_cover() -> None:
    assert overlap_weights(Axis(3, 2, -0.5, 2.0)).tolist() == [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]]


def test_flipping_reverses_the_target() -> None:
    assert np.array_equal(overlap_weights(centred(9, 4, 2.0, flipped=True)), overlap_weights(centred(9, 4, 2.0))[::-1])


def test_axes_that_do_not_meet_have_no_band() -> None:
    assert band_of(Axis(4, 2, 10.0, 1.0)) is None


def test_a_reducer_forgets_the_last_image() -> None:
    band = band_of(centred(30, 7, 5.0))
    assert band is not None
    reducer = PlaneReducer(band, band)
    first = reducer.reduce(np.full((30, 30), 9, np.int16)).copy()
    reducer.reduce(np.full((30, 30), 900, np.int16))
    assert np.array_equal(reducer.reduce(np.full((30, 30), 9, np.int16)), first)
