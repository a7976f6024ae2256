"""Incidents, the page outbox and the history of every page."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.meta import instant, metadata

incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("cases.case_id"), nullable=False),
    Column("pathway", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("team", Text, nullable=False, comment="role that is paged, for example stroke"),
    Column("state", Text, nullable=False),
    Column("finding", JSONB, nullable=False),
    instant("opened_at"),
    instant("acknowledged_at", nullable=True),
    Column("acknowledged_by", Text, nullable=False, server_default=""),
    Column("acknowledged_how", Text, nullable=False, server_default=""),
    instant("ended_at", nullable=True),
    Column("step", Integer, nullable=False, server_default="0", comment="the next step of the escalation policy"),
    instant("next_step_at", nullable=True),
    instant("stepped_at", nullable=True),
    instant("alarmed_at", nullable=True),
    Column("muted_by", Text, nullable=False, server_default="", comment="graver incident, or silence"),
    UniqueConstraint("case_id", "pathway"),
    Index(None, "state"),
    Index(None, "next_step_at"),
)

incident_answers = Table(
    "incident_answers",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("incident_id", Text, ForeignKey("incidents.incident_id"), nullable=False),
    Column("person", Text, nullable=False, comment="person code of the rota"),
    Column("kind", Text, nullable=False),
    Column("how", Text, nullable=False),
    instant("at"),
    Index(None, "incident_id"),
)

PAGE_STATES = ("pending", "sending", "accepted", "delivered", "failed", "cancelled")

page_outbox = Table(
    "page_outbox",
    metadata,
    Column("page_id", Text, primary_key=True),
    Column("incident_id", Text, ForeignKey("incidents.incident_id"), nullable=True),
    Column("kind", Text, nullable=False, server_default="page"),
    Column("reference", Text, nullable=False, server_default="", comment="code that an answer names"),
    Column("recipient", Text, nullable=False, comment="person code of the rota, never a number"),
    Column("to_number", Text, nullable=True, comment="only of an answer to a number that is nobody's"),
    Column("channel", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("body", Text, nullable=False, comment="what is sent; no patient data"),
    Column("attempt_id", Text, nullable=True, comment="of the send now under way; part of callback URLs"),
    Column("nonce", Text, nullable=False),
    Column("lease_owner", Text, nullable=True),
    Column("fence", BigInteger, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("provider_sid", Text, nullable=True),
    Column("possible_duplicate", Boolean, nullable=False, server_default=text("false")),
    Column("last_error", Text, nullable=False, server_default=""),
    instant("created_at"),
    instant("due_at"),
    instant("claimed_at", nullable=True),
    instant("lease_until", nullable=True),
    instant("sent_at", nullable=True),
    instant("accepted_at", nullable=True),
    instant("delivered_at", nullable=True),
    instant("lookup_since", nullable=True),
    instant("receipt_due_at", nullable=True),
    instant("answered_at", nullable=True),
    Column("answer", Text, nullable=False, server_default=""),
    UniqueConstraint("incident_id", "recipient", "channel", "step"),
    UniqueConstraint("provider_sid"),
    CheckConstraint(f"state IN {PAGE_STATES}", name="state"),
    Index(None, "state", "due_at"),
    Index(None, "state", "lease_until"),
)

page_events = Table(
    "page_events",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("page_id", Text, ForeignKey("page_outbox.page_id"), nullable=True),
    Column("incident_id", Text, ForeignKey("incidents.incident_id"), nullable=True),
    Column("kind", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    Column("dedupe_key", Text, nullable=False, comment="a callback or reply counts once"),
    instant("at"),
    UniqueConstraint("dedupe_key"),
    Index(None, "page_id"),
)
