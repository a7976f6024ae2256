"""What paging knows beside incidents and pages: copies of the rota, silences, desk notices, phones, list lags."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Identity, Index, Table, Text

from store.tables.meta import instant, metadata

rota_calendars = Table(
    "rota_calendars",
    metadata,
    Column("name", Text, primary_key=True),
    Column("body", Text, nullable=False, comment="the last good copy"),
    Column("etag", Text, nullable=False, server_default=""),
    instant("fetched_at"),
    instant("checked_at"),
    Column("error", Text, nullable=False, server_default="", comment="of the last check, empty where it went well"),
)

silences = Table(
    "silences",
    metadata,
    Column("silence_id", Text, primary_key=True),
    Column("team", Text, nullable=False, server_default="", comment="empty: every team"),
    Column("pathway", Text, nullable=False, server_default="", comment="empty: every pathway"),
    Column("reason", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    instant("starts_at"),
    instant("ends_at"),
    instant("lifted_at", nullable=True),
    Column("lifted_by", Text, nullable=False, server_default=""),
    Index(None, "ends_at"),
)

desk_notices = Table(
    "desk_notices",
    metadata,
    Column("notice_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("case_id", Text, nullable=True),
    Column("incident_id", Text, nullable=True),
    Column("text", Text, nullable=False, comment="shown on the board; no patient data"),
    instant("raised_at"),
    instant("cleared_at", nullable=True),
    Column("cleared_by", Text, nullable=False, server_default=""),
    Index(None, "cleared_at"),
)

phones = Table(
    "phones",
    metadata,
    Column("recipient", Text, primary_key=True, comment="person code of the rota"),
    Column("channel", Text, primary_key=True),
    instant("accepted_at", nullable=True),
    instant("delivered_at", nullable=True),
    instant("answered_at", nullable=True),
    instant("failed_at", nullable=True),
    Column("failure", Text, nullable=False, server_default=""),
    instant("opted_out_at", nullable=True),
)

pager_clock = Table(
    "pager_clock",
    metadata,
    Column("one", Boolean, primary_key=True, comment="there is one row"),
    Column("shift_s", Float, nullable=False, comment="by which the wall clock is ahead of the time of paging"),
    instant("at", nullable=True),
    Column("boot_id", Text, nullable=False),
    Column("boot_s", Float, nullable=False),
    Column("epoch", BigInteger, nullable=False, comment="counts the changes of shift_s"),
)

list_lags = Table(
    "list_lags",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("lag_s", Float, nullable=False),
    Column("seen", Boolean, nullable=False, comment="false: not in the list after this time"),
    instant("at"),
    Index(None, "channel", "seq"),
)
