"""Which positions leave a hole."""

from __future__ import annotations

import pytest

from streams.core.slice_gaps import has_no_gap


@pytest.mark.parametrize(
    "positions",
    [[0, 1, 2], [2, 0, 1], [0, 0.62, 1.25, 1.88], [-3, -2, -1, 0], [0, 1, 2, 0, 1, 2], [0, 1.2, 2.0, 3.1]],
)
def test_no_gap(positions: list[float]) -> None:
    assert has_no_gap(positions)


@pytest.mark.parametrize("positions", [[], [0], [0, 1], [0, 0, 0], [0, 1, 3, 4], [0, 1, 2, 3, 5]])
def test_gap_or_no_proof(positions: list[float]) -> None:
    assert not has_no_gap(positions)
