"""Which errors of the database are worth waiting for, and which no waiting mends."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import text

from schemas.errors import CodestrokeError, PeerUnavailable, PermanentError
from store.engine import StoreSettings, open_engine, transaction


async def _run(settings: StoreSettings, *statements: str, **values: object) -> CodestrokeError | None:
    engine = open_engine(settings)
    try:
        async with transaction(engine) as connection:
            for statement in statements:
                await connection.execute(text(statement), values)
    except CodestrokeError as error:
        return error
    finally:
        await engine.dispose()
    return None


async def test_a_server_that_is_not_there_is_named_with_its_setting() -> None:
    settings = StoreSettings.model_validate({"url": "postgresql+psycopg://u:hidden@127.0.0.1:1/d"})
    error = await _run(settings, "SELECT 1")
    assert isinstance(error, PeerUnavailable)
    assert "store.url" in str(error)
    assert "hidden" not in str(error)


@pytest.mark.integration
@pytest.mark.parametrize("value", ["a\x00b", "".join(uuid.uuid4().hex for _ in range(500))])
async def test_a_value_that_never_fits_is_permanent(store_settings: StoreSettings, value: str) -> None:
    error = await _run(store_settings, "CREATE TEMP TABLE t (v text UNIQUE)", "INSERT INTO t VALUES (:v)", v=value)
    assert isinstance(error, PermanentError)
    assert error.reason == "not_storable"


@pytest.mark.integration
async def test_a_statement_that_takes_too_long_is_tried_again(store_settings: StoreSettings) -> None:
    hurried = store_settings.model_copy(update={"statement_timeout_s": 0.1})
    assert isinstance(await _run(hurried, "SELECT pg_sleep(2)"), PeerUnavailable)


@pytest.mark.integration
async def test_a_pool_without_a_free_connection_is_waited_for(store_settings: StoreSettings) -> None:
    narrow = store_settings.model_copy(update={"pool_size": 1, "statement_timeout_s": 0.2})
    engine = open_engine(narrow)
    try:
        async with transaction(engine), transaction(engine):
            with pytest.raises(PeerUnavailable):
                async with transaction(engine):
                    pass
    finally:
        await engine.dispose()
