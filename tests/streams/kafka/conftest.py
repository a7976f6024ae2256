"""What the Kafka clients leave to the garbage collector is collected within the test that made it."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _collected(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A captured log record would hold an error, its frames and so the socket, beyond the test."""
    for client in ("kafka", "aiokafka", "faust"):
        caplog.set_level(logging.CRITICAL, logger=client)
    yield
    gc.collect()
