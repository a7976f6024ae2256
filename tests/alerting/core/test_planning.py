"""The pages of a step, and another way for whom a page cannot reach."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerting.core.contacts import ChannelName, Contact
from alerting.core.escalation import Wanted
from alerting.core.pages import PageState
from alerting.core.planning import IncidentFacts, PlannedPage, Sent, attempt_nonce, plan_pages, second_ways
from alerting.core.wording import CaseFacts
from schemas.findings import Finding, FindingState

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SMS, VOICE, MESSAGE = ChannelName.SMS, ChannelName.VOICE, ChannelName.MESSAGE
FACTS = IncidentFacts(
    incident_id="i1",
    finding=Finding(code="lvo", state=FindingState.DETECTED),
    case=CaseFacts(reference="K7FQ", arrived_at=NOW),
)
ANN, BEN = Contact("ann", "+447700900001"), Contact("ben", "+447700900002")


def _planned(*wanted: Wanted, step: int = 0) -> tuple[PlannedPage, ...]:
    return plan_pages(FACTS, wanted, step=step, due_at=lambda _: NOW, now=NOW, new_nonce=lambda: "n")


def test_every_wanted_page_is_one_message() -> None:
    pages = _planned(Wanted(ANN, SMS), Wanted(BEN, VOICE))
    assert [(page.recipient, page.channel, page.step, page.due_at) for page in pages] == [
        ("ann", "sms", 0, NOW),
        ("ben", "voice", 0, NOW),
    ]
    assert "Reply 1 K7FQ" in pages[0].body
    assert "K, 7, F, Q" in pages[1].body


def test_planning_again_names_the_same_pages() -> None:
    first, second = (_planned(Wanted(ANN, SMS)) for _ in range(2))
    assert first[0].page_id == second[0].page_id
    assert _planned(Wanted(ANN, SMS), step=1)[0].page_id != first[0].page_id


def test_nobody_wanted_plans_nothing() -> None:
    assert _planned() == ()


def test_a_contact_never_shows_its_number() -> None:
    assert "7700" not in repr(ANN)


def test_the_nonce_of_an_attempt_is_its_own() -> None:
    assert attempt_nonce("secret", "a") == attempt_nonce("secret", "a")
    assert len({attempt_nonce(secret, attempt) for secret in "xy" for attempt in "ab"}) == 4


@pytest.mark.parametrize("state", [state for state in PageState if state is not PageState.FAILED])
def test_whom_a_page_may_still_reach_gets_no_second_way(state: PageState) -> None:
    assert second_ways([Sent("ann", SMS, state)], [ANN], blocked=frozenset()) == ((), False)


def test_a_failed_text_is_followed_by_a_call() -> None:
    ways = second_ways([Sent("ann", SMS, PageState.FAILED)], [ANN], blocked=frozenset())
    assert ways == ((Wanted(ANN, VOICE),), False)


def test_a_blocked_channel_is_no_second_way() -> None:
    ways = second_ways([Sent("ann", SMS, PageState.FAILED)], [ANN], blocked={("ann", VOICE)})
    assert ways == ((), True)


def test_nobody_is_reached_only_where_everybody_failed() -> None:
    sent = [
        Sent("ann", SMS, PageState.FAILED),
        Sent("ann", VOICE, PageState.FAILED),
        Sent("ben", SMS, PageState.SENDING),
    ]
    assert second_ways(sent, [ANN, BEN], blocked=frozenset()) == ((), False)
    assert second_ways(sent, [ANN], blocked=frozenset()) == ((), True)
