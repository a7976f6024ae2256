"""Any order of events over the pure core keeps the invariants; seeded histories agree with the rules written twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alerting.core.escalation import Decision, Standing, answered, ended_by, is_due, opened, take_step, unreachable
from alerting.core.incidents import IncidentEvent, IncidentState
from alerting.core.replies import ReplyKind
from tests.paging.histories import POLL_MS, History
from tests.paging.invariants import Pages, check_decision, check_quorum, check_standing
from tests.paging.worlds import Mood, Restart, World, default_policy, random_world

ANSWERS = (ReplyKind.ACKNOWLEDGE, ReplyKind.DECLINE, ReplyKind.ESCALATE)
START = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


class Incident(RuleBasedStateMachine):
    """One incident, and every event at any time."""

    world: World
    standing: Standing

    @initialize(seed=st.integers(0, 10**6))
    def open(self, seed: int) -> None:
        """A world's policy and people; its rota is walked through by hand."""
        self.world, self.now, self.pages = random_world(seed), START, Pages()
        self.standing, self.tiers = opened(START), self.world.rota[0][1]
        self.sane_clock = True

    @rule(seconds=st.floats(0, 600))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self._look()

    @rule()
    def until_it_is_due(self) -> None:
        self.now = max(self.now, self.standing.due_at or self.now)
        self._look()

    @rule(by=st.timedeltas(timedelta(hours=-3), timedelta(hours=3)))
    def restarted_with_another_clock(self, by: timedelta) -> None:
        self.standing = msgspec.json.decode(msgspec.json.encode(self.standing), type=Standing)
        self.now += by
        self.sane_clock = by >= timedelta()
        self._look()

    @rule(index=st.integers(0, 6), kind=st.sampled_from(ANSWERS), old=st.booleans())
    def somebody_answers(self, index: int, kind: ReplyKind, old: bool) -> None:
        person = self.world.people[index % len(self.world.people)]
        step = max(0, self.standing.step - (2 if old else 1))
        policy = self.world.policy
        self._apply(answered(self.standing, policy, self.tiers, person=person, kind=kind, step=step, now=self.now))
        if kind is not ReplyKind.ESCALATE:
            assert person.code in (self.standing.took if kind is ReplyKind.ACKNOWLEDGE else self.standing.declined)

    @rule()
    def no_page_arrives(self) -> None:
        if self.standing.state is IncidentState.OPEN:
            self._apply(unreachable(self.standing, self.now))

    @rule(event=st.sampled_from((IncidentEvent.MUTED, IncidentEvent.SILENCED)))
    def ended_by_others(self, event: IncidentEvent) -> None:
        if self.standing.state in {IncidentState.OPEN, IncidentState.ACKNOWLEDGED}:
            self._apply(ended_by(self.standing, event))

    @rule(seed=st.integers(0, 50))
    def the_rota_changes(self, seed: int) -> None:
        numbered = list(enumerate(self.world.people))
        self.tiers = tuple(tuple(p for n, p in numbered if (n * 5 + seed * (tier + 1)) % 3 == 0) for tier in range(3))

    @invariant()
    def open_is_what_has_an_instant(self) -> None:
        check_standing(self.standing, self.world.policy, self.now, sane_clock=self.sane_clock)

    @invariant()
    def acknowledged_is_what_everybody_took_who_must(self) -> None:
        check_quorum(self.standing, self.world.policy, self.world.people)

    def _look(self) -> None:
        while is_due(self.standing, self.world.policy, self.now):
            policy, blocked = self.world.policy, self.world.blocked
            self._apply(take_step(self.standing, policy, self.tiers, blocked=blocked, now=self.now))
            self.sane_clock = True

    def _apply(self, decision: Decision) -> None:
        check_decision(decision, self.standing)
        self.pages.add(decision, self.standing)
        self.standing = decision.standing


TestIncident = Incident.TestCase
TestIncident.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@given(st.integers(0, 2**40))
@settings(max_examples=300, deadline=None)
def test_every_history_ends_and_every_step_is_taken_when_and_to_whom_the_rules_say(seed: int) -> None:
    story = History(random_world(seed)).run()
    assert story.state is not IncidentState.OPEN
    assert all(0 <= step.late_ms <= POLL_MS for step in story.steps if not step.clock_moved)


def test_the_same_seed_is_the_same_history() -> None:
    assert History(random_world(7)).run() == History(random_world(7)).run()


def test_the_seeds_reach_every_end_and_every_trouble() -> None:
    stories = [History(random_world(seed)).run() for seed in range(600)]
    assert {story.state for story in stories} == set(IncidentState) - {IncidentState.OPEN}
    assert any(step.clock_moved for story in stories for step in story.steps)
    assert any(story.alarms > 1 for story in stories)


@given(st.integers(0, 400_000), st.integers(3000, 7_200_000))
@settings(max_examples=200, deadline=None)
def test_a_clock_set_back_before_a_restart_delays_a_step_by_one_gap_at_most(at: int, back: int) -> None:
    nobody = dict.fromkeys((person.code for person in random_world(1).people), Mood.SILENT)
    world = replace(random_world(1), policy=default_policy(), moods=nobody, failing=0.0, ends=(), strangers=())
    story = History(replace(world, clock_steps=((at, -back),), restarts=(Restart(at + 1, 1000),))).run()
    assert story.state is IncidentState.EXHAUSTED
    assert max(step.late_ms for step in story.steps) <= 180_000 + 5000 + POLL_MS
    assert all(0 <= step.late_ms <= POLL_MS for step in story.steps if not step.clock_moved)
