"""From what the store knows to the six fields."""

from __future__ import annotations

import pytest

from alerting.record.rows import NOT_CONFIRMED, ToldStatus, rows_of
from tests.alerting.record.builders import OPENED, account, after, answer, call, page


def test_the_six_fields_of_a_page() -> None:
    (row,) = rows_of(account(page()))
    assert (row.finding, row.found_at) == ("lvo detected, left M1", OPENED)
    assert (row.told_by, row.received_by) == ("codestroke at North", "neuro-1")
    assert (row.told_at, row.how) == (after(1), "sms")


@pytest.mark.parametrize(
    ("sent", "state", "status", "reason"),
    [
        (page(), "open", ToldStatus.COMPLETED, ""),
        (page(state="accepted", delivered_at=None), "open", ToldStatus.IN_PROGRESS, ""),
        (page(state="accepted", delivered_at=None), "exhausted", ToldStatus.NOT_DONE, NOT_CONFIRMED),
        (page(state="failed", delivered_at=None, last_error="21610"), "open", ToldStatus.NOT_DONE, "21610"),
        (page(state="cancelled", delivered_at=None), "acknowledged", ToldStatus.NOT_DONE, "cancelled"),
        (call(), "open", ToldStatus.IN_PROGRESS, ""),
        (call(), "exhausted", ToldStatus.NOT_DONE, NOT_CONFIRMED),
    ],
    ids=["receipt", "no receipt yet", "never a receipt", "failed", "taken back", "picked up", "voicemail"],
)
def test_what_became_of_it(sent: object, state: str, status: ToldStatus, reason: str) -> None:
    (row,) = rows_of(account(sent, state=state))  # type: ignore[arg-type]
    assert (row.status, row.reason) == (status, reason)


def test_a_call_is_received_when_a_key_was_pressed() -> None:
    (row,) = rows_of(account(call(), answers=(answer(how="voice", at_s=75),)))
    assert (row.status, row.received_at, row.answer) == (ToldStatus.COMPLETED, after(75), "acknowledge")


def test_a_text_without_a_receipt_is_received_when_it_was_answered() -> None:
    sent = page(state="accepted", delivered_at=None)
    (row,) = rows_of(account(sent, answers=(answer(),)))
    assert (row.status, row.received_at, row.answered_at) == (ToldStatus.COMPLETED, after(20), after(20))


def test_an_answer_belongs_to_the_newest_page_of_its_person_and_way() -> None:
    again = page("page-2", step=2, created_at=after(120))
    other = page("page-3", recipient="neuro-2", created_at=after(120))
    rows = rows_of(account(page(), again, other, call(), answers=(answer(at_s=130),)))
    assert {row.told_id for row in rows if row.answer} == {"page-2"}


def test_an_answer_before_a_page_is_not_that_pages() -> None:
    rows = rows_of(account(page(), page("page-2", created_at=after(120)), answers=(answer(at_s=30),)))
    assert {row.told_id for row in rows if row.answer} == {"page-1"}


def test_an_answer_on_the_board_is_a_communication_of_the_desk() -> None:
    rows = rows_of(account(page(), answers=(answer("decline", how="board", at_s=40),)))
    assert len(rows) == 2
    assert (rows[1].told_by, rows[1].received_by, rows[1].how) == ("ED desk of North", "neuro-1", "board")
    assert (rows[1].told_at, rows[1].answer) == (after(40), "decline")


def test_free_text_of_a_model_is_in_no_row() -> None:
    rows = rows_of(account(page(), call(), answers=(answer(how="board"),)))
    assert "DOE" not in repr(rows)
