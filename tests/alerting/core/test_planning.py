"""Step 0: one text message to each number on call."""

from __future__ import annotations

from datetime import UTC, datetime

from alerting.core.contacts import Contact
from alerting.core.planning import IncidentFacts, plan_step
from alerting.core.wording import CaseFacts
from schemas.findings import Finding, FindingState

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FACTS = IncidentFacts(
    incident_id="i1",
    finding=Finding(code="lvo", state=FindingState.DETECTED),
    case=CaseFacts(reference="K7FQ", arrived_at=NOW),
)
ANN, BEN, ANN_TWICE = Contact("ann", "+447700900001"), Contact("ben", "+447700900002"), Contact("a2", "+447700900001")


def test_everybody_on_call_gets_one_page_at_once() -> None:
    pages = plan_step(FACTS, [ANN, BEN], step=0, now=NOW, new_nonce=lambda: "n")
    assert [(page.recipient, page.channel, page.step, page.due_at) for page in pages] == [
        ("ann", "sms", 0, NOW),
        ("ben", "sms", 0, NOW),
    ]


def test_planning_again_names_the_same_pages() -> None:
    first, second = (plan_step(FACTS, [ANN], step=0, now=NOW, new_nonce=lambda: "n") for _ in range(2))
    assert first[0].page_id == second[0].page_id
    assert plan_step(FACTS, [ANN], step=1, now=NOW, new_nonce=lambda: "n")[0].page_id != first[0].page_id


def test_a_number_that_two_people_share_is_paged_once() -> None:
    assert [page.recipient for page in plan_step(FACTS, [ANN, ANN_TWICE], step=0, now=NOW, new_nonce=str)] == ["ann"]


def test_nobody_on_call_plans_nothing() -> None:
    assert plan_step(FACTS, [], step=0, now=NOW, new_nonce=str) == ()


def test_a_contact_never_shows_its_number() -> None:
    assert "7700" not in repr(ANN)
