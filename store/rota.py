"""The last good copies of the rota's calendars; written by whichever pager fetched one, read by all of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import rota_calendars

_rows = rota_calendars.c


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyHead:
    """What is known of a copy without its text.

    Attributes:
        name: the calendar's key.
        etag: to ask the source only for changes.
        fetched_at: when the source last confirmed the text.
        checked_at: when the source was last asked.
        error: reason why the last check failed; empty where it went well.
        digest: SHA-256 of the text in UTF-8, hexadecimal.
    """

    name: str
    etag: str
    fetched_at: datetime
    checked_at: datetime
    error: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarCopy:
    """A text that was read without error at ``now``."""

    name: str
    body: str = field(repr=False)
    etag: str
    now: datetime


async def heads(connection: AsyncConnection, names: Collection[str]) -> dict[str, CopyHead]:
    """Read what is known of the copies with these names."""
    digest = func.encode(func.sha256(func.convert_to(_rows.body, "UTF8")), "hex").label("digest")
    statement = select(_rows.name, _rows.etag, _rows.fetched_at, _rows.checked_at, _rows.error, digest)
    found = await connection.execute(statement.where(_rows.name.in_(names)))
    return {row.name: CopyHead(**row._mapping) for row in found}  # noqa: SLF001  # SQLAlchemy's documented name


async def body(connection: AsyncConnection, name: str) -> str | None:
    """Read the text of a copy."""
    found: str | None = await connection.scalar(select(_rows.body).where(_rows.name == name))
    return found


async def save(connection: AsyncConnection, copy: CalendarCopy) -> None:
    """Keep a text that was just fetched and read; a newer one that another pager kept stays."""
    values = {"body": copy.body, "etag": copy.etag, "fetched_at": copy.now, "checked_at": copy.now, "error": ""}
    statement = insert(rota_calendars).values(name=copy.name, **values)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=[_rows.name], set_=values, where=_rows.fetched_at <= statement.excluded.fetched_at
        )
    )


async def note_check(connection: AsyncConnection, name: str, *, now: datetime, error: str = "") -> bool:
    """Note that the source was asked: it confirmed the copy, or failed for the reason ``error``.

    Returns:
        Whether there is such a copy.
    """
    values: dict[str, object] = {"checked_at": now, "error": error}
    if not error:
        values["fetched_at"] = now
    done = await connection.execute(update(rota_calendars).where(_rows.name == name).values(**values))
    return done.rowcount > 0
