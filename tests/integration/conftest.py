"""What a test of the real servers leaves to the garbage collector is collected within that test."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _collected(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Collect the sockets that the Kafka clients dropped; a captured record would hold them by its traceback."""
    for client in ("kafka", "aiokafka", "faust"):
        caplog.set_level(logging.CRITICAL, logger=client)
    yield
    gc.collect()
