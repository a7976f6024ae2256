"""Bringing a database to a revision; called by ``codestroke services``, the demo, the tests and ``codestroke db``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from schemas.errors import PeerUnavailable
from store.engine import StoreSettings

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 7_210_002


def upgrade(settings: StoreSettings, revision: str = "head") -> None:
    """Migrate up to ``revision``; safe when several processes start at once.

    Raises:
        PeerUnavailable: PostgreSQL does not answer.
    """
    _run(settings, lambda config: command.upgrade(config, revision))


def downgrade(settings: StoreSettings, revision: str = "base") -> None:
    """Migrate down to ``revision``; the data of the tables it drops is gone."""
    _run(settings, lambda config: command.downgrade(config, revision))


def alembic_config(connection: Connection) -> Config:
    """Configuration for Alembic on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config


def _run(settings: StoreSettings, action: Callable[[Config], None]) -> None:
    engine = create_engine(settings.url.get_secret_value())
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            action(alembic_config(connection))
    except OperationalError as error:
        raise PeerUnavailable("PostgreSQL (setting store.url) does not answer", reason="store_unavailable") from error
    finally:
        engine.dispose()
