"""The verdict on a seed: what counts as lost, as doubled, and what is excused."""

from __future__ import annotations

from alerting.core.pages import PageState
from bench.paging_verdict import judge
from tests.paging.killing import NUMBER, PERSON, entry, page, played


def test_a_page_in_the_ledger_once_is_well() -> None:
    judged = judge(played((page(),), (entry(),)))
    assert judged.is_good
    assert judged.first_page_s == (0.0,)


def test_a_page_that_the_ledger_does_not_hold_is_lost_whatever_the_store_says() -> None:
    assert len(judge(played((page(state=PageState.DELIVERED),), ())).lost) == 1


def test_a_first_step_that_was_never_planned_is_lost() -> None:
    assert judge(played((), ())).lost == ("#K7FQ-LVO0 sms was never planned",)


def test_two_messages_of_one_page_are_doubled() -> None:
    judged = judge(played((page(),), (entry(), entry(sequence=2))))
    assert len(judged.doubled) == 1
    assert not judged.is_good


def test_a_second_message_that_the_pager_flagged_is_a_possible_duplicate() -> None:
    judged = judge(played((page(flagged=True),), (entry(), entry(sequence=2))))
    assert (judged.doubled, judged.possible_duplicates) == ((), 1)


def test_a_page_given_up_is_excused_by_another_channel() -> None:
    given_up = page(state=PageState.FAILED, flagged=True)
    other = page("voice")
    words = "#K7FQ-LVO0 sms to person-1 is failed (no error); open"
    assert words not in judge(played((given_up, other), (entry(channel="voice"),), state="open")).lost
    assert words in judge(played((given_up,), (), state="open")).lost


def test_a_page_given_up_is_excused_where_somebody_has_the_case() -> None:
    assert judge(played((page(state=PageState.FAILED, flagged=True),), ())).lost == ()


def test_a_failed_page_that_nobody_flagged_is_not_excused() -> None:
    failed = page(state=PageState.FAILED)
    assert len(judge(played((failed, page("voice")), (entry(channel="voice"),))).lost) == 1


def test_a_cancelled_page_is_excused_by_an_answer_alone() -> None:
    cancelled = page(state=PageState.CANCELLED)
    assert judge(played((cancelled,), ())).lost == ()
    assert len(judge(played((cancelled,), (), state="exhausted")).lost) >= 1
    assert judge(played((cancelled,), (), state="exhausted", answered=frozenset({("i1", PERSON)}))).lost == ()


def test_a_page_that_is_not_due_yet_is_not_lost() -> None:
    waiting = page("voice", PageState.PENDING)
    assert judge(played((page(), waiting), (entry(),), not_due=frozenset({waiting.page_id}))).lost == ()
    assert len(judge(played((page(), waiting), (entry(),))).lost) == 1


def test_a_phone_that_refuses_texts_excuses_them() -> None:
    assert judge(played((page(state=PageState.FAILED),), (), opted_out=frozenset({NUMBER}))).lost == ()


def test_an_incident_that_stays_open_is_unfinished() -> None:
    assert judge(played((page(),), (entry(),), state="open")).unfinished == ("K7FQ: open",)


def test_attempts_in_doubt_and_claims_without_an_end_are_ambiguous() -> None:
    events = (
        ("claimed", "p/1/claimed"),
        ("in_doubt", "p/1/in_doubt"),
        ("claimed", "p/3/claimed"),
        ("claimed", "q/1/claimed"),
        ("accepted", "q/1/accepted"),
    )
    assert judge(played((page(),), (entry(),), events=events)).ambiguous == 2
