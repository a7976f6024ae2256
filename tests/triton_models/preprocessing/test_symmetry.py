"""The mirror line of a picture is found, and the picture is laid straight along it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from triton_models.preprocessing.symmetry import mirror_line, source_of, straightened

SIZE = 160


def skull(turn_deg: float, column: float) -> np.ndarray:
    """An oval ring, longer than wide, with a nose."""
    picture = np.zeros((SIZE, SIZE), np.float32)
    cv2.ellipse(picture, (round(column), SIZE // 2), (45, 60), 0, 0, 360, 100.0, 5)
    cv2.circle(picture, (round(column), SIZE // 2 - 60), 8, 100.0, -1)
    matrix = cv2.getRotationMatrix2D((column, SIZE / 2), turn_deg, 1.0)
    return np.asarray(cv2.warpAffine(picture, matrix, (SIZE, SIZE)), np.float32)


@pytest.mark.parametrize("turn", [-18.0, -5.0, 0.0, 7.0, 20.0])
@pytest.mark.parametrize("column", [70.0, 88.0])
def test_turn_and_middle_are_found(turn: float, column: float) -> None:
    found = mirror_line(skull(turn, column))
    assert found.turn_deg == pytest.approx(-turn, abs=1.5)
    straight = straightened(skull(turn, column), found, 0.0)
    assert float(np.abs(straight - straight[:, ::-1]).mean()) < 0.35 * float(straight.mean())


def test_a_point_is_led_back_to_where_it_came_from() -> None:
    picture = np.zeros((SIZE, SIZE), np.float32)
    picture[50, 90] = 1000.0
    found = mirror_line(skull(8.0, 75.0))
    row, column = np.unravel_index(int(straightened(picture, found, 0.0).argmax()), picture.shape)
    assert np.allclose(source_of(found, float(row), float(column), (SIZE, SIZE)), (50, 90), atol=1.0)
