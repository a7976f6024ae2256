"""Everything the spine needs: cases, outcomes, worklist, incidents, page outbox, measurements, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="role that acted, for example decider"),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("detail", JSONB(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_case_id"), "audit", ["case_id"], unique=False)
    op.create_table(
        "cases",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False, comment="short code people read aloud and type"),
        sa.Column("study_uid", sa.Text(), nullable=False),
        sa.Column("patient_key", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="alias of the image source, never a URL"),
        sa.Column("modality", sa.Text(), nullable=False),
        sa.Column("body_part", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False, comment="a human's priority; never lowered"),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("readiness", sa.Text(), nullable=False),
        sa.Column("acquired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column(
            "study",
            JSONB(),
            nullable=False,
            comment="the StudyArrived event of the newest revision",
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_cases")),
        sa.UniqueConstraint("reference", name=op.f("uq_cases_reference")),
        sa.UniqueConstraint("study_uid", name=op.f("uq_cases_study_uid")),
    )
    op.create_index(op.f("ix_cases_arrived_at"), "cases", ["arrived_at"], unique=False)
    op.create_index(op.f("ix_cases_patient_key"), "cases", ["patient_key"], unique=False)
    op.create_table(
        "case_pathways",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("pathway", sa.Text(), nullable=False),
        sa.Column("eligible", sa.Boolean(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_case_pathways_case_id")),
        sa.PrimaryKeyConstraint("case_id", "pathway", name=op.f("pk_case_pathways")),
    )
    op.create_index(op.f("ix_case_pathways_deadline"), "case_pathways", ["deadline"], unique=False)
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("pathway", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False, comment="role that is paged, for example stroke"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("finding", JSONB(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), server_default="", nullable=False),
        sa.Column("acknowledged_how", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_incidents_case_id")),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("case_id", "pathway", name=op.f("uq_incidents_case_id_pathway")),
    )
    op.create_index(op.f("ix_incidents_state"), "incidents", ["state"], unique=False)
    op.create_table(
        "measurements",
        sa.Column("patient_key", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("model", JSONB(), nullable=True),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_measurements_case_id")),
        sa.PrimaryKeyConstraint("patient_key", "case_id", "name", name=op.f("pk_measurements")),
    )
    op.create_table(
        "outcomes",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("pathway", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False, comment="of the outcome event that this row came from"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("finding", JSONB(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("series_reason", sa.Text(), nullable=False),
        sa.Column("ledger", JSONB(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_outcomes_case_id")),
        sa.PrimaryKeyConstraint("case_id", "pathway", name=op.f("pk_outcomes")),
    )
    op.create_table(
        "worklist",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column(
            "tier",
            sa.Integer(),
            nullable=False,
            comment="0 is read first; only ever lowered to a smaller number by a model",
        ),
        sa.Column("order_in_tier", sa.Integer(), nullable=False),
        sa.Column("rank_reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_detail", sa.Text(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wait_limit_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_worklist_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_worklist")),
    )
    op.create_index(op.f("ix_worklist_site_closed_at"), "worklist", ["site", "closed_at"], unique=False)
    op.create_table(
        "page_outbox",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False, comment="person code of the rota, never a number"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="what is sent; no patient data"),
        sa.Column("attempt_id", sa.Text(), nullable=True, comment="of the send now under way; part of callback URLs"),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("provider_sid", sa.Text(), nullable=True),
        sa.Column("possible_duplicate", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lookup_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'accepted', 'delivered', 'failed', 'cancelled')",
            name=op.f("ck_page_outbox_state"),
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name=op.f("fk_page_outbox_incident_id")),
        sa.PrimaryKeyConstraint("page_id", name=op.f("pk_page_outbox")),
        sa.UniqueConstraint(
            "incident_id",
            "recipient",
            "channel",
            "step",
            name=op.f("uq_page_outbox_incident_id_recipient_channel_step"),
        ),
        sa.UniqueConstraint("provider_sid", name=op.f("uq_page_outbox_provider_sid")),
    )
    op.create_index(op.f("ix_page_outbox_state_due_at"), "page_outbox", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_page_outbox_state_lease_until"), "page_outbox", ["state", "lease_until"], unique=False)
    op.create_table(
        "page_events",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("page_id", sa.Text(), nullable=True),
        sa.Column("incident_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", JSONB(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False, comment="a callback or reply counts once"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name=op.f("fk_page_events_incident_id")),
        sa.ForeignKeyConstraint(["page_id"], ["page_outbox.page_id"], name=op.f("fk_page_events_page_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_page_events")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_page_events_dedupe_key")),
    )
    op.create_index(op.f("ix_page_events_page_id"), "page_events", ["page_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_page_events_page_id"), table_name="page_events")
    op.drop_table("page_events")
    op.drop_index(op.f("ix_page_outbox_state_lease_until"), table_name="page_outbox")
    op.drop_index(op.f("ix_page_outbox_state_due_at"), table_name="page_outbox")
    op.drop_table("page_outbox")
    op.drop_index(op.f("ix_worklist_site_closed_at"), table_name="worklist")
    op.drop_table("worklist")
    op.drop_table("outcomes")
    op.drop_table("measurements")
    op.drop_index(op.f("ix_incidents_state"), table_name="incidents")
    op.drop_table("incidents")
    op.drop_index(op.f("ix_case_pathways_deadline"), table_name="case_pathways")
    op.drop_table("case_pathways")
    op.drop_index(op.f("ix_cases_patient_key"), table_name="cases")
    op.drop_index(op.f("ix_cases_arrived_at"), table_name="cases")
    op.drop_table("cases")
    op.drop_index(op.f("ix_audit_case_id"), table_name="audit")
    op.drop_table("audit")
