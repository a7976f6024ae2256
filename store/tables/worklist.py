"""The reading list and the measurements that follow a patient through the years."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.meta import instant, metadata

worklist = Table(
    "worklist",
    metadata,
    Column("case_id", Text, ForeignKey("cases.case_id"), primary_key=True),
    Column("site", Text, nullable=False),
    Column(
        "tier", Integer, nullable=False, comment="0 is read first; only ever lowered to a smaller number by a model"
    ),
    Column("order_in_tier", Integer, nullable=False),
    Column("rank_reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_detail", Text, nullable=False),
    instant("arrived_at"),
    instant("wait_limit_at"),
    instant("changed_at"),
    instant("closed_at", nullable=True),
    Index(None, "site", "closed_at"),
)

measurements = Table(
    "measurements",
    metadata,
    Column("patient_key", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("cases.case_id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Float, nullable=False),
    Column("low", Float, nullable=True),
    Column("high", Float, nullable=True),
    Column("unit", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("model", JSONB, nullable=True),
    instant("measured_at"),
)
