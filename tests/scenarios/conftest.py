"""The hospital of the scenarios."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.engine import StoreSettings, open_engine
from tests.scenarios.hospital import Hospital


@pytest.fixture
async def hospital(store_settings: StoreSettings, tmp_path: Path) -> AsyncIterator[Hospital]:
    """A hospital on an empty store."""
    engine = open_engine(store_settings)
    yield Hospital(engine, tmp_path)
    await engine.dispose()
