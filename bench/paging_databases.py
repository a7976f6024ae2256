"""Databases for the paging harness: one migrated template on one PostgreSQL, and a fresh copy for each seed."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.pool import NullPool

from codestroke.services.stack import Part, Ports, Stack, StackConfig
from store import migrate
from store.engine import StoreSettings

_POOL = 2


class Databases:
    """Databases made from one migrated template."""

    def __init__(self, postgres_url: str, name: str = "paging") -> None:
        self._url = make_url(postgres_url)
        self._template = f"{name}_template"
        self._name = name
        self._admin: Engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self._run(f"CREATE DATABASE {self._template}")
        migrate.upgrade(self._settings(self._template))

    @asynccontextmanager
    async def one(self, key: object) -> AsyncIterator[StoreSettings]:
        """A fresh database within the block."""
        name = f"{self._name}_{key}"
        await asyncio.to_thread(self._run, f"CREATE DATABASE {name} TEMPLATE {self._template}")
        try:
            yield self._settings(name)
        finally:
            await asyncio.to_thread(self._run, f"DROP DATABASE {name} WITH (FORCE)")

    def drop(self) -> None:
        """Drop the template."""
        self._run(f"DROP DATABASE {self._template} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))

    def _settings(self, name: str) -> StoreSettings:
        url = self._url.set(database=name).render_as_string(hide_password=False)
        return StoreSettings.model_validate({"url": url, "pool_size": _POOL})


@contextmanager
def postgres(cache: Path) -> Iterator[str]:
    """A PostgreSQL of its own within the block; gives its address."""
    with tempfile.TemporaryDirectory(prefix="codestroke-paging-") as folder:
        stack = Stack(StackConfig(home=Path(folder) / "parts", cache=cache, ports=Ports()))
        try:
            yield stack.up([Part.POSTGRES]).postgres_url
        finally:
            stack.purge()
