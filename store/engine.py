"""Connecting to PostgreSQL: one engine a process, opened by the composition root.

Errors of the driver that mean "the server is away" become ``PeerUnavailable`` in ``transaction``; values that no
try will ever store become ``PermanentError``; constraint violations are bugs and pass through.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from schemas.errors import CodestrokeError, PeerUnavailable, PermanentError
from store import audit

# PostgreSQL 18, appendix A, class 54 (program limit exceeded), which psycopg counts among the operational errors:
# for example a text that is too long for its index. Waiting does not shorten it.
_LIMIT_EXCEEDED = "54"


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
    """One transaction, committed at the end of the block; what was appended to the audit log is written last.

    Raises:
        PeerUnavailable: PostgreSQL cannot be reached or went away.
        PermanentError: a value does not fit its column (too large, a NUL in a text).
    """
    try:
        async with engine.begin() as connection:
            audit.forget(connection)
            yield connection
            await audit.write(connection)
    except (DBAPIError, PoolTimeout, TimeoutError) as error:
        translated = _translated(error)
        if translated is None:
            raise
        raise translated from error


def _translated(error: DBAPIError | PoolTimeout | TimeoutError) -> CodestrokeError | None:
    cause = getattr(error, "orig", None) or error
    state = str(getattr(cause, "sqlstate", None) or "")
    if isinstance(error, DataError) or state.startswith(_LIMIT_EXCEEDED):
        return PermanentError(f"PostgreSQL takes no such value: {type(cause).__name__}", reason="not_storable")
    away = isinstance(error, OperationalError | InterfaceError | PoolTimeout | TimeoutError)
    if not away and not (isinstance(error, DBAPIError) and error.connection_invalidated):
        return None
    message = f"PostgreSQL (setting store.url) does not answer: {type(cause).__name__}"
    return PeerUnavailable(message, reason="store_unavailable")
