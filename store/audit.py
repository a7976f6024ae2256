"""Appending to and verifying the hash-chained audit log.

Append in the same transaction as the change it tells of. The rows are written when the transaction has done everything
else (``store.engine.transaction`` sees to it): one lock keeps them in one line, and whoever held it while waiting for
another row would make deadlocks of ordinary work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import audit

GENESIS = "0" * 64
_LOCK = 7_210_001
_WAITING = "codestroke.audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    at: datetime
    actor: str
    action: str
    case_id: str | None
    detail: object


def link(previous: str, *, seq: int, at: datetime, actor: str, action: str, case_id: str | None, detail: object) -> str:
    """Hash of one row: SHA-256 over the previous hash and the row in canonical JSON."""
    row = (seq, at.astimezone(UTC).isoformat(), actor, action, case_id, detail)
    body = msgspec.json.encode(row, order="deterministic")
    return hashlib.sha256(previous.encode() + body).hexdigest()


async def append(
    connection: AsyncConnection,
    *,
    at: datetime,
    actor: str,
    action: str,
    case_id: str | None,
    detail: Mapping[str, object],
) -> None:
    """Append one row to the chain at the end of the transaction; ``detail`` holds no patient data, only JSON values."""
    plain = msgspec.to_builtins(dict(detail))
    entry = _Entry(at=at, actor=actor, action=action, case_id=case_id, detail=plain)
    connection.info.setdefault(_WAITING, []).append(entry)


def forget(connection: AsyncConnection) -> None:
    """Forget what an earlier transaction of this connection appended and rolled back."""
    connection.info.pop(_WAITING, None)


async def write(connection: AsyncConnection) -> None:
    """Write what was appended in this transaction; its last act before the commit."""
    entries: list[_Entry] = connection.info.pop(_WAITING, [])
    if not entries:
        return
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    last = (await connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1))).first()
    seq, previous = (last.seq, last.hash) if last else (0, GENESIS)
    rows = []
    for entry in entries:
        seq += 1
        values: dict[str, Any] = {name: getattr(entry, name) for name in _Entry.__dataclass_fields__}
        digest = link(previous, seq=seq, **values)
        rows.append({**values, "seq": seq, "previous_hash": previous, "hash": digest})
        previous = digest
    await connection.execute(insert(audit), rows)


async def first_break(connection: AsyncConnection) -> int | None:
    """Return the sequence number of the first row that breaks the chain, or None where it is whole."""
    previous, expected = GENESIS, 1
    for row in await connection.execute(select(audit).order_by(audit.c.seq)):
        digest = link(
            previous,
            seq=row.seq,
            at=row.at,
            actor=row.actor,
            action=row.action,
            case_id=row.case_id,
            detail=row.detail,
        )
        if (row.seq, row.previous_hash, row.hash) != (expected, previous, digest):
            return int(row.seq)
        previous, expected = row.hash, expected + 1
    return None


async def length(connection: AsyncConnection) -> int:
    """Number of rows in the log."""
    return int((await connection.execute(select(func.count()).select_from(audit))).scalar_one())
