"""A store, a carrier and the pagers between them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from simulator.carrier.carrier import Carrier
from simulator.carrier.settings import CarrierSettings
from store.engine import StoreSettings, open_engine
from tests.alerting.pager.harness import World, carrier_settings, paging


@pytest.fixture
async def engine(store_settings: StoreSettings) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(store_settings)
    yield opened
    await opened.dispose()


@pytest.fixture
async def world(engine: AsyncEngine, store_settings: StoreSettings) -> AsyncIterator[World]:
    """A world without faults in which nobody answers."""
    async with Carrier(carrier_settings()) as carrier:
        yield World(engine, store_settings, carrier, paging())


@pytest.fixture
async def make_world(engine: AsyncEngine, store_settings: StoreSettings) -> AsyncIterator[Callable[..., World]]:
    """Make a world with settings of the test's own; its carrier is stopped at the end."""
    carriers: list[Carrier] = []

    def make(settings: CarrierSettings, **paging_changes: object) -> World:
        carrier = Carrier(settings)
        carriers.append(carrier)
        return World(engine, store_settings, carrier, paging(**paging_changes))

    yield make
    for carrier in carriers:
        await carrier.stop()
