"""The record as CSV (RFC 4180), the six fields first. Called by ``codestroke incidents export``.

A spreadsheet runs a cell that begins like a formula; such cells get an apostrophe in front.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from typing import TextIO

from alerting.record.rows import Told

NOTICE = "AI finding of research software, not a medical device"
COLUMNS = (
    "finding",
    "found_at",
    "told_by",
    "received_by",
    "told_at",
    "how",
    "status",
    "received_at",
    "answer",
    "answered_at",
    "reason",
    "reference",
    "pathway",
    "team",
    "urgency",
    "step",
    "possible_duplicate",
    "patient",
    "incident_id",
    "told_id",
    "notice",
)
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_csv(rows: Iterable[Told], out: TextIO) -> int:
    """Write a header and one line a communication; return how many."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    count = 0
    for row in rows:
        writer.writerow([NOTICE if name == "notice" else cell(getattr(row, name)) for name in COLUMNS])
        count += 1
    return count


def cell(value: object) -> str:
    """A value as a cell that no spreadsheet runs; instants in ISO 8601, steps as numbers from 0."""
    if value is None:
        return ""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.startswith(_RUNS) else text
