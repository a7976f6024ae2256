"""How an incident climbs: one rule a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerting.core.contacts import ChannelName, Contact
from alerting.core.escalation import (
    CLOCK_SLACK,
    Decision,
    Policy,
    Standing,
    Step,
    Tiers,
    answered,
    ended_by,
    is_due,
    opened,
    still_missing,
    take_step,
    unreachable,
)
from alerting.core.incidents import IncidentEffect, IncidentEvent, IncidentState
from alerting.core.replies import ReplyKind
from alerting.settings import DEFAULT_POLICY

SMS, VOICE, MESSAGE = ChannelName.SMS, ChannelName.VOICE, ChannelName.MESSAGE
ACK, DECLINE, ESCALATE = ReplyKind.ACKNOWLEDGE, ReplyKind.DECLINE, ReplyKind.ESCALATE
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ANN, BEN, CAT = (Contact(code, f"+44770090000{n}") for n, code in enumerate(("ann", "ben", "cat")))
TIERS = ((ANN,), (BEN, CAT))


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


POLICY = Policy(
    steps=(
        Step(seconds(0), 1, (SMS,)),
        Step(seconds(60), 1, (VOICE,)),
        Step(seconds(120), 2, (SMS, VOICE)),
        Step(seconds(300), None, (SMS, VOICE)),
    ),
    alarm_after=seconds(420),
)
BOTH = replace(POLICY, quorum=frozenset({"neuro", "ir"}))


def step(standing: Standing, tiers: Tiers = TIERS, *, policy: Policy = POLICY, at: float | None = None) -> Decision:
    """Take the next step ``at`` seconds after the opening, or when it is due."""
    now = NOW + seconds(at) if at is not None else standing.due_at
    assert now is not None
    return take_step(standing, policy, tiers, blocked=frozenset(), now=now)


def stepped(count: int, tiers: Tiers = TIERS, *, policy: Policy = POLICY) -> Standing:
    """An incident after so many steps."""
    standing = opened(NOW)
    for _ in range(count):
        standing = step(standing, tiers, policy=policy).standing
    return standing


def say(
    standing: Standing,
    person: Contact,
    kind: ReplyKind,
    *,
    at: float = 10,
    tiers: Tiers = TIERS,
    policy: Policy = POLICY,
) -> Decision:
    """An answer to the newest page."""
    return answered(standing, policy, tiers, person=person, kind=kind, step=standing.step - 1, now=NOW + seconds(at))


def paged(decision: Decision) -> list[tuple[str, ChannelName]]:
    return [(page.contact.code, page.channel) for page in decision.pages]


def after_s(standing: Standing) -> float | None:
    return None if standing.due_at is None else (standing.due_at - NOW).total_seconds()


def test_unanswered_it_climbs_at_0_60_120_300_and_alarms_at_420() -> None:
    standing, seen = opened(NOW), []
    while standing.state is IncidentState.OPEN:
        at, decision = after_s(standing), step(standing)
        seen.append((at, paged(decision), decision.effect))
        standing = decision.standing
    everyone = [(code, channel) for channel in (SMS, VOICE) for code in ("ann", "ben", "cat")]
    assert seen == [
        (0, [("ann", SMS)], IncidentEffect.PAGE),
        (60, [("ann", VOICE)], IncidentEffect.PAGE),
        (120, [("ben", SMS), ("cat", SMS), ("ben", VOICE), ("cat", VOICE)], IncidentEffect.PAGE),
        (300, everyone, IncidentEffect.PAGE),
        (420, [], IncidentEffect.ALARM),
    ]
    assert standing.state is IncidentState.EXHAUSTED


def test_the_default_policy_of_the_settings_has_these_times_tiers_and_channels() -> None:
    given = [(item.after_s, item.tier, item.channels) for item in DEFAULT_POLICY.steps]
    wanted = [(item.after.total_seconds(), item.tier or "everyone", item.channels) for item in POLICY.steps]
    assert (given, DEFAULT_POLICY.alarm_after_s) == (wanted, POLICY.alarm_after.total_seconds())


@pytest.mark.parametrize(("late_s", "next_s"), [(0.5, 60), (5, 60), (6, 66), (3600, 3660)])
def test_a_small_delay_does_not_add_up_and_a_late_step_keeps_its_gap(late_s: float, next_s: float) -> None:
    assert after_s(step(opened(NOW), at=late_s).standing) == next_s


def test_after_a_hurried_step_the_gaps_are_those_of_the_policy() -> None:
    hurried = say(stepped(2), ANN, ESCALATE, at=70)
    assert (hurried.effect, after_s(hurried.standing)) == (IncidentEffect.HURRY, 70)
    assert after_s(step(hurried.standing).standing) == 70 + 180


def test_escalate_from_an_old_page_changes_nothing() -> None:
    standing = stepped(3)
    decision = answered(standing, POLICY, TIERS, person=ANN, kind=ESCALATE, step=1, now=NOW + seconds(130))
    assert (decision.event, decision.effect) == (IncidentEvent.NOTED, IncidentEffect.NOTE)
    assert decision.standing == standing


def test_escalate_after_the_last_step_alarms_at_once() -> None:
    hurried = say(stepped(4), CAT, ESCALATE, at=310)
    decision = step(hurried.standing)
    assert (decision.event, decision.standing.state) == (IncidentEvent.STEPS_OVER, IncidentState.EXHAUSTED)


def test_acknowledged_it_pages_nobody_any_more() -> None:
    decision = say(stepped(1), ANN, ACK)
    assert (decision.standing.state, decision.effect) == (IncidentState.ACKNOWLEDGED, IncidentEffect.END)
    assert decision.standing.due_at is None
    assert not is_due(decision.standing, POLICY, NOW + timedelta(days=1))


def test_a_late_acknowledgement_clears_the_alarm() -> None:
    decision = say(stepped(5), BEN, ACK, at=900)
    assert (decision.standing.state, decision.effect) == (IncidentState.ACKNOWLEDGED, IncidentEffect.CLEAR_ALARM)


def test_who_declined_is_not_paged_again_and_the_next_tier_is_asked_at_once() -> None:
    declined = say(stepped(1), ANN, DECLINE)
    assert (declined.event, after_s(declined.standing)) == (IncidentEvent.ASKED_ALL_DECLINED, 10)
    decision = step(declined.standing)
    assert (decision.step, {code for code, _ in paged(decision)}) == (2, {"ben", "cat"})


def test_one_of_two_declining_hurries_nothing() -> None:
    standing = say(stepped(1), ANN, DECLINE).standing
    decision = say(step(standing).standing, BEN, DECLINE, at=20)
    assert (decision.event, after_s(decision.standing)) == (IncidentEvent.DECLINED, 10 + 180)


def test_declined_by_all_it_alarms_at_once() -> None:
    standing = stepped(3)
    for person in (ANN, BEN):
        standing = say(standing, person, DECLINE).standing
    decision = say(standing, CAT, DECLINE)
    assert (decision.standing.state, decision.effect) == (IncidentState.DECLINED, IncidentEffect.ALARM)
    assert decision.standing.due_at is None


def test_declined_by_all_but_one_who_came_on_call_is_not_the_end() -> None:
    new = Contact("dan", "+447700900009")
    standing = stepped(1, ((ANN,),))
    decision = say(standing, ANN, DECLINE, tiers=((ANN,), (new,)))
    assert {code for code, _ in paged(step(decision.standing, ((ANN,), (new,))))} == {"dan"}


def test_when_everybody_declined_only_at_the_last_step_the_end_is_declined() -> None:
    standing = replace(stepped(4), declined=frozenset({"ann", "ben", "cat"}))
    assert step(standing).standing.state is IncidentState.DECLINED


def test_who_changes_their_mind_has_it() -> None:
    standing = say(say(stepped(3), ANN, DECLINE).standing, ANN, ACK).standing
    assert (standing.state, standing.took, standing.declined) == (
        IncidentState.ACKNOWLEDGED,
        frozenset({"ann"}),
        frozenset(),
    )


def test_giving_back_pages_the_next_at_once() -> None:
    taken = say(stepped(1), ANN, ACK).standing
    back = say(taken, ANN, DECLINE, at=30)
    assert (back.event, back.standing.state) == (IncidentEvent.WITHDRAWN, IncidentState.OPEN)
    assert after_s(back.standing) == 30
    assert {code for code, _ in paged(step(back.standing))} == {"ben", "cat"}


def test_giving_back_what_another_holds_too_reopens_nothing() -> None:
    taken = say(say(stepped(3), ANN, ACK).standing, BEN, ACK).standing
    back = say(taken, ANN, DECLINE)
    assert (back.event, back.standing.state) == (IncidentEvent.NOTED, IncidentState.ACKNOWLEDGED)
    assert (back.standing.took, back.standing.declined) == (frozenset({"ben"}), frozenset({"ann"}))


def test_the_only_one_giving_back_alarms_at_once() -> None:
    alone = ((ANN,),)
    taken = say(stepped(1, alone), ANN, ACK, tiers=alone).standing
    back = say(taken, ANN, DECLINE, tiers=alone)
    assert (back.standing.state, back.effect) == (IncidentState.DECLINED, IncidentEffect.ALARM)


def test_giving_back_a_muted_one_alarms_nobody() -> None:
    muted = replace(stepped(1), state=IncidentState.MUTED, due_at=None, took=frozenset({"ann"}))
    assert say(muted, ANN, DECLINE, tiers=((ANN,),)).effect is IncidentEffect.NOTE


def test_an_answer_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no answer"):
        say(stepped(1), ANN, ReplyKind.OPT_OUT)


def _team(**roles: str) -> Sequence[Contact]:
    numbers = enumerate(roles.items())
    return [Contact(code, f"+44770090001{n}", frozenset({role} if role else ())) for n, (code, role) in numbers]


NEURO, IR, NURSE = _team(neuro="neuro", ir="ir", nurse="")


def test_several_roles_must_all_acknowledge() -> None:
    tiers = ((NEURO, IR),)
    first = say(stepped(1, tiers, policy=BOTH), NEURO, ACK, tiers=tiers, policy=BOTH)
    assert (first.event, first.standing.state) == (IncidentEvent.PARTLY_ACKNOWLEDGED, IncidentState.OPEN)
    assert paged(step(first.standing, tiers, policy=BOTH)) == [("ir", VOICE)]
    second = say(first.standing, IR, ACK, tiers=tiers, policy=BOTH)
    assert (second.standing.state, second.effect) == (IncidentState.ACKNOWLEDGED, IncidentEffect.END)


def test_only_a_missing_role_is_asked_unless_nobody_has_it() -> None:
    assert paged(step(opened(NOW), ((NURSE, IR),), policy=BOTH)) == [("ir", SMS)]
    assert paged(step(opened(NOW), ((NURSE,), (IR,)), policy=BOTH)) == [("nurse", SMS)]


def test_when_all_who_were_asked_have_answered_and_a_role_is_missing_the_next_are_asked_at_once() -> None:
    tiers = ((NEURO, IR), (NURSE,))
    partly = say(stepped(1, tiers, policy=BOTH), NEURO, ACK, tiers=tiers, policy=BOTH).standing
    decision = say(partly, IR, DECLINE, at=20, tiers=tiers, policy=BOTH)
    assert (decision.event, after_s(decision.standing)) == (IncidentEvent.ASKED_ALL_DECLINED, 20)


def test_without_the_missing_role_it_ends_with_the_alarm() -> None:
    tiers = ((NEURO,),)
    standing = say(stepped(1, tiers, policy=BOTH), NEURO, ACK, tiers=tiers, policy=BOTH).standing
    decision = step(standing, tiers, policy=BOTH)
    assert (decision.standing.state, decision.effect) == (IncidentState.EXHAUSTED, IncidentEffect.ALARM)


def test_giving_back_a_role_that_is_needed_reopens() -> None:
    tiers = ((NEURO, IR),)
    standing = stepped(1, tiers, policy=BOTH)
    for person in (NEURO, IR):
        standing = say(standing, person, ACK, tiers=tiers, policy=BOTH).standing
    assert say(standing, IR, DECLINE, tiers=tiers, policy=BOTH).event is IncidentEvent.WITHDRAWN


def test_a_role_counts_whoever_of_its_people_took_it() -> None:
    assert still_missing(BOTH, [NEURO, IR], {"ir"}) == {"neuro"}
    assert still_missing(POLICY, [NEURO], set()) == frozenset()


def test_a_role_counts_after_its_holder_went_off_call() -> None:
    standing = say(stepped(1, ((NEURO,),), policy=BOTH), NEURO, ACK, tiers=((NEURO,),), policy=BOTH).standing
    assert say(standing, IR, ACK, tiers=((IR,),), policy=BOTH).standing.state is IncidentState.ACKNOWLEDGED


def test_a_number_that_two_share_is_paged_once_a_channel() -> None:
    twin = Contact("twin", ANN.number)
    assert paged(step(opened(NOW), ((ANN, twin),))) == [("ann", SMS)]


def test_who_shares_a_number_is_paged_where_the_first_cannot_be() -> None:
    twin, deaf = Contact("twin", ANN.number), replace(ANN, channels=frozenset({VOICE}))
    assert paged(step(opened(NOW), ((deaf, twin),))) == [("twin", SMS)]


def test_messages_go_to_each_person_even_where_they_share_a_phone() -> None:
    everything = frozenset(ChannelName)
    team = tuple(Contact(code, ANN.number, channels=everything) for code in ("one", "two"))
    policy = Policy((Step(seconds(0), 1, (SMS, MESSAGE)),), seconds(60))
    assert paged(step(opened(NOW), (team,), policy=policy)) == [("one", SMS), ("one", MESSAGE), ("two", MESSAGE)]


def test_a_blocked_channel_is_left_out_and_a_step_that_reaches_nobody_is_passed_over() -> None:
    decision = take_step(opened(NOW), POLICY, TIERS, blocked={("ann", SMS)}, now=NOW)
    assert (decision.step, paged(decision), decision.standing.step) == (1, [("ann", VOICE)], 2)
    assert after_s(decision.standing) == 60


def test_an_empty_tier_is_passed_over_at_once() -> None:
    decision = step(opened(NOW), ((), (BEN,)))
    assert (decision.step, after_s(decision.standing)) == (2, 180)


def test_a_team_of_one_tier_is_asked_again_where_the_policy_has_a_second() -> None:
    assert {code for code, _ in paged(step(stepped(2, ((ANN,),)), ((ANN,),)))} == {"ann"}


@pytest.mark.parametrize("tiers", [(), ((),), ((), ())])
def test_nobody_on_call_alarms_at_once(tiers: Tiers) -> None:
    decision = step(opened(NOW), tiers)
    assert (decision.event, decision.effect, decision.pages) == (IncidentEvent.STEPS_OVER, IncidentEffect.ALARM, ())


def test_where_no_page_can_arrive_the_next_step_is_due_at_once() -> None:
    decision = unreachable(stepped(1), NOW + seconds(3))
    assert (decision.effect, after_s(decision.standing)) == (IncidentEffect.HURRY, 3)


@pytest.mark.parametrize(
    ("event", "state"),
    [(IncidentEvent.MUTED, IncidentState.MUTED), (IncidentEvent.SILENCED, IncidentState.SILENCED)],
)
def test_muted_or_silenced_it_ends_without_an_alarm(event: IncidentEvent, state: IncidentState) -> None:
    decision = ended_by(stepped(2), event)
    assert (decision.standing.state, decision.effect, decision.standing.due_at) == (state, IncidentEffect.END, None)


def test_it_is_due_from_its_instant_on() -> None:
    standing = stepped(1)
    assert not is_due(standing, POLICY, NOW + seconds(59.9))
    assert is_due(standing, POLICY, NOW + seconds(60))


def test_an_instant_beyond_the_longest_gap_was_written_by_a_clock_set_back_and_is_due() -> None:
    standing = stepped(1)
    assert is_due(standing, POLICY, NOW - timedelta(hours=1))
    assert after_s(step(standing, at=-3600).standing) == -3600 + 60


def test_two_pagers_whose_clocks_differ_a_little_do_not_take_two_steps() -> None:
    standing = stepped(3)
    assert POLICY.longest_gap == seconds(180)
    assert not is_due(standing, POLICY, NOW + seconds(120) - CLOCK_SLACK)
