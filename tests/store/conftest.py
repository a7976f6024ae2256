"""An engine on an empty store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from store.engine import StoreSettings, open_engine


@pytest.fixture
async def engine(store_settings: StoreSettings) -> AsyncIterator[AsyncEngine]:
    """An engine on the test's own database."""
    made = open_engine(store_settings)
    yield made
    await made.dispose()
