"""The case register, the pathways each case must pass, and how it ended on them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.meta import instant, metadata

cases = Table(
    "cases",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("reference", Text, nullable=False, comment="short code people read aloud and type"),
    Column("study_uid", Text, nullable=False),
    Column("patient_key", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("source", Text, nullable=False, comment="alias of the image source, never a URL"),
    Column("modality", Text, nullable=False),
    Column("body_part", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("priority", Text, nullable=False, comment="a human's priority; never lowered"),
    Column("revision", Integer, nullable=False),
    Column("readiness", Text, nullable=False),
    instant("acquired_at", nullable=True),
    instant("arrived_at"),
    instant("ready_at"),
    instant("registered_at"),
    Column("traceparent", Text, nullable=False),
    Column("study", JSONB, nullable=False, comment="the StudyArrived event of the newest revision"),
    UniqueConstraint("study_uid"),
    UniqueConstraint("reference"),
    Index(None, "patient_key"),
    Index(None, "arrived_at"),
)

case_pathways = Table(
    "case_pathways",
    metadata,
    Column("case_id", Text, ForeignKey("cases.case_id"), primary_key=True),
    Column("pathway", Text, primary_key=True),
    Column("eligible", Boolean, nullable=False),
    Column("lane", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    instant("deadline"),
    instant("requested_at"),
    Index(None, "deadline"),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("case_id", Text, ForeignKey("cases.case_id"), primary_key=True),
    Column("pathway", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("event_id", Text, nullable=False, comment="of the outcome event that this row came from"),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("finding", JSONB, nullable=True),
    Column("late", Boolean, nullable=False),
    Column("series_reason", Text, nullable=False),
    Column("ledger", JSONB, nullable=False),
    instant("decided_at"),
)
