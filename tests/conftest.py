"""Fixtures shared by all tests: the data folder and the real parts, started once by the run itself."""

from __future__ import annotations

import gc
import logging
import os
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from codestroke.services.stack import Endpoints, Part, Ports, Stack, StackConfig
from store import migrate
from store.engine import StoreSettings
from tests.orthanc import orthanc

__all__ = ["orthanc"]


@pytest.fixture(autouse=True)
def _collected(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Collect within a test of the real servers what their clients leave to the garbage collector.

    kafka-python and Faust drop sockets unclosed; a captured log record would hold them by its traceback, and a later
    test, which they have nothing to do with, would be told.
    """
    real = not {"stack", "postgres"}.isdisjoint(request.fixturenames)
    if real:
        for client in ("kafka", "aiokafka", "faust"):
            caplog.set_level(logging.CRITICAL, logger=client)
    yield
    if real:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The data folder; skipped only where the setting is absent."""
    folder = os.environ.get("CODESTROKE_DATA")
    if not folder:
        pytest.skip("CODESTROKE_DATA is not set: this test needs the data folder")
    return Path(folder)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The real parts on free ports; stopped at the end of the run."""
    home = tmp_path_factory.mktemp("parts")
    cache = Path(os.environ.get("CODESTROKE_CACHE", Path.home() / ".cache" / "codestroke"))
    running = Stack(StackConfig(home=home, cache=cache, ports=Ports()))
    yield running
    running.purge()


@pytest.fixture(scope="session")
def postgres(stack: Stack) -> Endpoints:
    """A running PostgreSQL."""
    return stack.up([Part.POSTGRES])


@pytest.fixture
def postgres_url(postgres: Endpoints) -> Iterator[str]:
    """SQLAlchemy URL of an empty, migrated database of its own."""
    name = f"t{uuid.uuid4().hex[:12]}"
    # No pool: a test may have killed the server meanwhile.
    admin = create_engine(postgres.postgres_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(postgres.postgres_url).set(database=name).render_as_string(hide_password=False)
    migrate.upgrade(StoreSettings.model_validate({"url": url}))
    yield url
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def store_settings(postgres_url: str) -> StoreSettings:
    """Settings of the store for the test's own database."""
    return StoreSettings.model_validate({"url": postgres_url})


@pytest.fixture(scope="session")
def kafka_bootstrap(stack: Stack) -> str:
    """Address of a running Apache Kafka."""
    return stack.up([Part.KAFKA]).kafka_bootstrap
