"""Connecting to PostgreSQL: one engine a process, opened by the composition root.

Errors of the driver that mean "the server is away" become ``PeerUnavailable`` in ``transaction``; constraint
violations are bugs and pass through.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from schemas.errors import PeerUnavailable


class StoreSettings(BaseModel):
    """How to reach PostgreSQL; ``url`` is a SQLAlchemy URL of the form ``postgresql+psycopg://user@host:port/db``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: SecretStr = SecretStr("postgresql+psycopg://codestroke@127.0.0.1:5432/codestroke")
    pool_size: int = Field(default=5, ge=1, le=50)
    connect_timeout_s: int = Field(default=3, ge=1, le=60)
    statement_timeout_s: float = Field(default=10.0, gt=0, le=300)


def open_engine(settings: StoreSettings) -> AsyncEngine:
    """Make the process's engine; connects lazily, checks a pooled connection before use."""
    timeout_ms = int(settings.statement_timeout_s * 1000)
    return create_async_engine(
        settings.url.get_secret_value(),
        pool_size=settings.pool_size,
        max_overflow=settings.pool_size,
        pool_pre_ping=True,
        pool_timeout=settings.statement_timeout_s,
        connect_args={
            "connect_timeout": settings.connect_timeout_s,
            "options": f"-c statement_timeout={timeout_ms} -c timezone=UTC",
        },
    )


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction, committed at the end of the block.

    Raises:
        PeerUnavailable: PostgreSQL cannot be reached or went away.
    """
    try:
        async with engine.begin() as connection:
            yield connection
    except (OperationalError, InterfaceError, TimeoutError) as error:
        raise PeerUnavailable(_away(error), reason="store_unavailable") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise PeerUnavailable(_away(error), reason="store_unavailable") from error
        raise


def _away(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return f"PostgreSQL (setting store.url) does not answer: {type(cause).__name__}"
