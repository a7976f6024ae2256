"""Appending to and verifying the hash-chained audit log.

Append in the same transaction as the change it tells of; a transaction-scoped advisory lock keeps one line of rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import audit

GENESIS = "0" * 64
_LOCK = 7_210_001


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
    """Append one row to the chain; ``detail`` must hold no patient data and only JSON values."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    last = (await connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1))).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, GENESIS)
    plain = msgspec.to_builtins(dict(detail))
    digest = link(previous, seq=seq, at=at, actor=actor, action=action, case_id=case_id, detail=plain)
    await connection.execute(
        insert(audit).values(
            seq=seq,
            at=at,
            actor=actor,
            action=action,
            case_id=case_id,
            detail=plain,
            previous_hash=previous,
            hash=digest,
        )
    )


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
