"""Migrations go up and down and make exactly the tables of the code."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from schemas.errors import PeerUnavailable
from store import migrate
from store.engine import StoreSettings
from store.tables import metadata

pytestmark = pytest.mark.integration


def test_the_migrations_make_the_tables_of_the_code(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_down_leaves_nothing_and_up_restores_it(store_settings: StoreSettings, postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    migrate.downgrade(store_settings)
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    migrate.upgrade(store_settings)
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_an_absent_server_is_named_with_its_setting() -> None:
    nowhere = StoreSettings.model_validate({"url": "postgresql+psycopg://codestroke@127.0.0.1:1/codestroke"})
    with pytest.raises(PeerUnavailable, match=r"store\.url"):
        migrate.upgrade(nowhere)
