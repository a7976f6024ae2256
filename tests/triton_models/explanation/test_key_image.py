"""The strokes of key images, and that nothing that is not one passes as one."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest

from triton_models.explanation.key_image import (
    AMBER,
    MAX_SIDE,
    KeyImage,
    enlarged,
    joined,
    labelled,
    packed,
    png,
    ringed,
    warmed,
    windowed,
)


def _plain(size: int = 100) -> np.ndarray:
    return np.full((size, size, 3), 90, np.uint8)


def test_png_gives_back_the_colours() -> None:
    picture = _plain()
    picture[:50] = (255, 0, 10)
    read = cv2.imdecode(np.frombuffer(png(KeyImage(picture, "a")), np.uint8), cv2.IMREAD_COLOR)
    assert read is not None
    np.testing.assert_array_equal(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), picture)


def test_arrays_and_facts_are_read_without_pickle() -> None:
    image = KeyImage(_plain(), "a", {"heat": np.eye(3, dtype=np.float32)}, {"plane_z_mm": -12.5})
    with np.load(io.BytesIO(packed(image)), allow_pickle=False) as read:
        np.testing.assert_array_equal(read["heat"], np.eye(3))
        assert float(read["fact_plane_z_mm"]) == -12.5


@pytest.mark.parametrize(
    ("pixels", "caption"),
    [
        (np.zeros((4, 4, 3), np.float32), "a"),
        (np.zeros((4, 4), np.uint8), "a"),
        (np.zeros((MAX_SIDE + 1, 4, 3), np.uint8), "a"),
        (np.zeros((4, 4, 3), np.uint8), ""),
        (np.zeros((4, 4, 3), np.uint8), "a" * 161),
    ],
)
def test_refuses_what_is_no_key_image(pixels: np.ndarray, caption: str) -> None:
    with pytest.raises(ValueError, match=r"key image|caption"):
        KeyImage(pixels, caption)


def test_window_maps_its_ends_to_black_and_white() -> None:
    np.testing.assert_array_equal(windowed(np.array([-500.0, 0.0, 50.0, 100.0, 900.0]), 0, 100), [0, 0, 128, 255, 255])


def test_heat_colours_only_what_is_warm() -> None:
    heat = np.zeros((10, 10), np.float32)
    heat[:, 6:] = 1.0
    warm = warmed(_plain(), heat)
    np.testing.assert_array_equal(warm[:, :50], _plain()[:, :50])
    assert np.abs(warm[50, 90].astype(int) - 90).max() > 30


def test_strokes_leave_their_colour_where_they_were_asked_to() -> None:
    picture = enlarged(np.zeros((50, 50), np.uint8), 4)
    ringed(picture, (100, 100), 20)
    assert tuple(picture[100, 120]) == AMBER
    joined(picture, np.array([[10.0, 30.0], [60.0, 30.0]]), AMBER)
    assert tuple(picture[30, 40]) == AMBER
    assert not picture[180, 100].any()


def test_labels_stand_on_the_sides_of_a_radiologist() -> None:
    picture = np.zeros((200, 200, 3), np.uint8)
    labelled(picture, left="R", right="", note="-")
    assert picture[80:110, :30].any()
    assert not picture[80:110, 170:].any()
