"""Escalation, answers, notices of the ED desk, silences, phones, list lags, and the rota's copies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _incidents()
    _outbox()
    _answers()
    _desk()
    _provider()
    op.create_table(
        "rota_calendars",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="the last good copy"),
        sa.Column("etag", sa.Text(), server_default="", nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "error", sa.Text(), server_default="", nullable=False, comment="of the last check, empty where it went well"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rota_calendars")),
    )


def _incidents() -> None:
    op.add_column(
        "incidents",
        sa.Column(
            "step", sa.Integer(), server_default="0", nullable=False, comment="the next step of the escalation policy"
        ),
    )
    op.add_column("incidents", sa.Column("next_step_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("incidents", sa.Column("stepped_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("incidents", sa.Column("alarmed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "incidents",
        sa.Column("muted_by", sa.Text(), server_default="", nullable=False, comment="graver incident, or silence"),
    )
    op.create_index(op.f("ix_incidents_next_step_at"), "incidents", ["next_step_at"], unique=False)
    # Incidents of the first version had their first page and no escalation: they go on with the next step at once.
    op.execute("UPDATE incidents SET step = 1, next_step_at = now() WHERE state = 'open'")


def _outbox() -> None:
    op.alter_column("page_outbox", "incident_id", nullable=True)
    op.add_column("page_outbox", sa.Column("kind", sa.Text(), server_default="page", nullable=False))
    op.add_column(
        "page_outbox",
        sa.Column("reference", sa.Text(), server_default="", nullable=False, comment="code that an answer names"),
    )
    op.add_column(
        "page_outbox",
        sa.Column("to_number", sa.Text(), nullable=True, comment="only of an answer to a number that is nobody's"),
    )
    op.add_column("page_outbox", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("page_outbox", sa.Column("answer", sa.Text(), server_default="", nullable=False))


def _answers() -> None:
    op.create_table(
        "incident_answers",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False, comment="person code of the rota"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.incident_id"], name=op.f("fk_incident_answers_incident_id")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_incident_answers")),
    )
    op.create_index(op.f("ix_incident_answers_incident_id"), "incident_answers", ["incident_id"], unique=False)


def _desk() -> None:
    op.create_table(
        "silences",
        sa.Column("silence_id", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), server_default="", nullable=False, comment="empty: every team"),
        sa.Column("pathway", sa.Text(), server_default="", nullable=False, comment="empty: every pathway"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("silence_id", name=op.f("pk_silences")),
    )
    op.create_index(op.f("ix_silences_ends_at"), "silences", ["ends_at"], unique=False)
    op.create_table(
        "desk_notices",
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("incident_id", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False, comment="shown on the board; no patient data"),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_desk_notices")),
    )
    op.create_index(op.f("ix_desk_notices_cleared_at"), "desk_notices", ["cleared_at"], unique=False)


def _provider() -> None:
    op.create_table(
        "phones",
        sa.Column("recipient", sa.Text(), nullable=False, comment="person code of the rota"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), server_default="", nullable=False),
        sa.Column("opted_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("recipient", "channel", name=op.f("pk_phones")),
    )
    clock = op.create_table(
        "pager_clock",
        sa.Column("one", sa.Boolean(), nullable=False, comment="there is one row"),
        sa.Column(
            "shift_s", sa.Float(), nullable=False, comment="by which the wall clock is ahead of the time of paging"
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("boot_id", sa.Text(), nullable=False),
        sa.Column("boot_s", sa.Float(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False, comment="counts the changes of shift_s"),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_pager_clock")),
    )
    op.bulk_insert(clock, [{"one": True, "shift_s": 0.0, "at": None, "boot_id": "", "boot_s": 0.0, "epoch": 0}])
    op.create_table(
        "list_lags",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("lag_s", sa.Float(), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False, comment="false: not in the list after this time"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_list_lags")),
    )
    op.create_index(op.f("ix_list_lags_channel_seq"), "list_lags", ["channel", "seq"], unique=False)


def downgrade() -> None:
    for table in (
        "list_lags",
        "pager_clock",
        "phones",
        "desk_notices",
        "silences",
        "incident_answers",
        "rota_calendars",
    ):
        op.drop_table(table)
    op.execute("DELETE FROM page_events WHERE page_id IN (SELECT page_id FROM page_outbox WHERE incident_id IS NULL)")
    op.execute("DELETE FROM page_outbox WHERE incident_id IS NULL")
    for column in ("answer", "answered_at", "to_number", "reference", "kind"):
        op.drop_column("page_outbox", column)
    op.alter_column("page_outbox", "incident_id", nullable=False)
    op.drop_index(op.f("ix_incidents_next_step_at"), table_name="incidents")
    for column in ("muted_by", "alarmed_at", "stepped_at", "next_step_at", "step"):
        op.drop_column("incidents", column)
