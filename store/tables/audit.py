"""The hash-chained audit log: append only, each row's hash covers the one before."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.meta import instant, metadata

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    instant("at"),
    Column("actor", Text, nullable=False, comment="role that acted, for example decider"),
    Column("action", Text, nullable=False),
    Column("case_id", Text, nullable=True),
    Column("detail", JSONB, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index(None, "case_id"),
)
