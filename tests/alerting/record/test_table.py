"""The record as CSV."""

from __future__ import annotations

import csv
import io

import pytest

from alerting.record.rows import rows_of
from alerting.record.table import COLUMNS, NOTICE, cell, write_csv
from tests.alerting.record.builders import account, answer, page


def _read(*accounts: object) -> list[dict[str, str]]:
    out = io.StringIO(newline="")
    write_csv([row for each in accounts for row in rows_of(each)], out)  # type: ignore[arg-type]
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def test_the_six_fields_come_first() -> None:
    assert COLUMNS[:6] == ("finding", "found_at", "told_by", "received_by", "told_at", "how")
    (line,) = _read(account(page()))
    assert line["finding"] == "lvo detected, left M1"
    assert line["told_at"] == "2026-11-24T14:10:01+00:00"
    assert line["notice"] == NOTICE


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_is_a_formula(start: str) -> None:
    assert cell(f"{start}1+1").startswith("'")
    assert cell("1+1") == "1+1"


def test_a_site_that_is_a_formula_stays_a_text() -> None:
    (line,) = _read(account(answers=(answer(how="board", person="=cmd"),)))
    assert line["received_by"] == "'=cmd"


def test_nothing_told_gives_the_header_alone() -> None:
    assert _read(account()) == []
