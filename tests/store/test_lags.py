"""Observed list lags: kept by channel, the newest only."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from store import lags
from store.engine import transaction
from store.lags import Lag

pytestmark = pytest.mark.integration


async def test_the_newest_of_each_channel_are_kept(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lags, "KEPT", 3)
    async with transaction(engine) as connection:
        await lags.add(connection, "voice", Lag(9.0, seen=False), now=datetime.now(UTC))
        for number in range(5):
            await lags.add(connection, "sms", Lag(float(number), seen=True), now=datetime.now(UTC))
    async with transaction(engine) as connection:
        found = await lags.recent(connection)
    assert dict(found) == {"voice": [Lag(9.0, seen=False)], "sms": [Lag(float(n), seen=True) for n in (2, 3, 4)]}
