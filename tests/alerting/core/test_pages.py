"""The life of a page, over every pair of state and event."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.core.pages import PageEffect, PageEvent, PageState, advance
from store.tables.incidents import PAGE_STATES

PAIRS = list(itertools.product(PageState, PageEvent))
SENT = {PageState.ACCEPTED, PageState.DELIVERED}
PROOFS = {PageEvent.ACCEPTED, PageEvent.DELIVERED}
SENDS = {PageEffect.SEND, PageEffect.SEND_AGAIN, PageEffect.SEND_AGAIN_FLAGGED, PageEffect.RETRY_LATER}


def test_the_store_knows_the_same_states() -> None:
    assert set(PAGE_STATES) == {str(state) for state in PageState}


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_a_refused_event_changes_nothing(state: PageState, event: PageEvent) -> None:
    step = advance(state, event)
    assert step.effect is not PageEffect.REFUSE or step.state is state


@pytest.mark.parametrize(("state", "event"), [pair for pair in PAIRS if pair[0] in SENT])
def test_what_was_accepted_is_never_sent_again(state: PageState, event: PageEvent) -> None:
    step = advance(state, event)
    assert step.effect not in SENDS
    assert step.state not in {PageState.PENDING, PageState.SENDING, PageState.CANCELLED}


@pytest.mark.parametrize("state", list(PageState))
def test_a_proof_of_delivery_always_ends_as_delivered(state: PageState) -> None:
    assert advance(state, PageEvent.DELIVERED).state is PageState.DELIVERED


@pytest.mark.parametrize("state", [PageState.PENDING, PageState.SENDING, PageState.CANCELLED])
@pytest.mark.parametrize("event", sorted(PROOFS))
def test_a_proof_of_acceptance_is_adopted(state: PageState, event: PageEvent) -> None:
    assert advance(state, event).effect is PageEffect.ADOPT


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_only_a_claim_sends(state: PageState, event: PageEvent) -> None:
    sends = advance(state, event).effect is PageEffect.SEND
    assert sends == ((state, event) == (PageState.PENDING, PageEvent.CLAIMED))


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_a_page_in_doubt_is_sent_again_only_after_a_look(state: PageState, event: PageEvent) -> None:
    step = advance(state, event)
    if state is PageState.SENDING and step.state is PageState.PENDING:
        assert event in {PageEvent.PUT_OFF, PageEvent.NOT_FOUND, PageEvent.LOOKUP_EXHAUSTED}


@given(st.lists(st.sampled_from(list(PageEvent)), max_size=30))
def test_receipts_in_any_order_never_unsend(events: list[PageEvent]) -> None:
    state, accepted = PageState.PENDING, False
    for event in events:
        state = advance(state, event).state
        accepted = accepted or state in SENT
        if accepted:
            assert state in SENT | {PageState.FAILED}
