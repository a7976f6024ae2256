"""One warm decode pool for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.dicom.pool import DecodePool


@pytest.fixture(scope="session")
def pool() -> Iterator[DecodePool]:
    """A decode pool with the limits of production."""
    running = DecodePool()
    yield running
    running.close()
