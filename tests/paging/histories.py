"""One incident in one world, from its opening until nothing can happen any more, driven as the pager drives the core.

The pager looks every half second, from instant to instant without the idle looks between. While it runs its clock is
steady; after a restart it has the wall clock's time, and the incident as it was written down. True time is kept apart.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from alerting.core.contacts import Contact
from alerting.core.escalation import Decision, Standing, answered, ended_by, is_due, opened, take_step, unreachable
from alerting.core.incidents import IncidentEffect, IncidentEvent, IncidentState
from alerting.core.replies import ReplyKind
from tests.paging.invariants import Pages, check, check_decision, check_quorum, check_standing
from tests.paging.oracle import Oracle, addresses
from tests.paging.people import Planned, answers_to
from tests.paging.worlds import HOUR, World

POLL_MS = 500
OPENED = datetime(2026, 3, 29, 0, 58, tzinfo=UTC)  # a night on which European clocks change
_HORIZON = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Taken:
    """A step as it was taken: how much later than the oracle says (ms), and whether its instant met another clock."""

    late_ms: int
    clock_moved: bool


@dataclass(slots=True)
class Story:
    """What came of a history."""

    steps: list[Taken] = field(default_factory=list)
    alarms: int = 0
    pages: int = 0
    state: IncidentState = IncidentState.OPEN


class History:
    """Plays one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.story = Story()
        self.oracle = Oracle(world.policy, world.blocked)
        self._rng = random.Random(world.seed)
        self._phase = self._rng.randrange(POLL_MS)
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._at = self._up_at = self._offset = 0
        self._clock_moved = False
        self._promised: int | None = None
        self._pages = Pages()
        self._newest: dict[str, int] = {}
        self._standing = opened(self._now())

    def run(self) -> Story:
        """Play until nothing can happen any more.

        Raises:
            Broken: an invariant does not hold.
        """
        self._plan()
        while self._at < _HORIZON:
            look = self._next_look()
            event = self._events[0][0] if self._events else None
            if look is not None and (event is None or look <= event):
                self._at = look
                self._take_step()
            elif event is not None:
                self._at, _, happen = heapq.heappop(self._events)
                happen()
            else:
                break
        self.story.state = self._standing.state
        return self.story

    def _plan(self) -> None:
        for restart in self.world.restarts:
            self._later(restart.at, lambda down=restart.down: self._restart(down))  # type: ignore[misc]
        for at, person, kind in self.world.strangers:
            self._answer_later(Planned(at, person, kind))
        for at, event in self.world.ends:
            self._later(at, lambda event=event: self._end(event))  # type: ignore[misc]

    def _later(self, at: int, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (at, next(self._order), happen))

    def _answer_later(self, planned: Planned) -> None:
        self._later(planned.at, lambda: self._answer(planned.person, planned.kind))

    def _now(self) -> datetime:
        return OPENED + timedelta(milliseconds=self._at + self._offset)

    def _next_look(self) -> int | None:
        """The first look at which the next step is due."""
        due = self._standing.due_at
        if due is None:
            return None
        soonest = self._tick(max(self._at, self._up_at))
        if is_due(self._standing, self.world.policy, OPENED + timedelta(milliseconds=soonest + self._offset)):
            return soonest
        return self._tick(max(soonest, round((due - OPENED) / timedelta(milliseconds=1)) - self._offset))

    def _tick(self, at: int) -> int:
        return at + (self._phase - at) % POLL_MS

    def _take_step(self) -> None:
        check(is_due(self._standing, self.world.policy, self._now()), "a step is taken that is not due")
        tiers, before, oracle = self.world.on_call(self._at), self._standing, self.oracle
        decision = take_step(before, self.world.policy, tiers, blocked=self.world.blocked, now=self._now())
        expected = oracle.next_step(tiers)
        self._measure()
        pages = [(page.contact, page.channel) for page in decision.pages]
        if expected is None:
            check(not pages, "somebody is paged where only the alarm is left")
            oracle.alarmed({person.code for tier in tiers for person in tier})
        else:
            check((decision.step, addresses(pages)) == expected, f"step {decision.step} pages others than it must")
            oracle.stepped(decision.step, {person.code for person, _ in pages}, self._at)
        self._pages.add(decision, before)
        self._apply(decision)
        self._ring(decision)

    def _measure(self) -> None:
        promised = self.oracle.due if self._promised is None else self._promised
        self.story.steps.append(Taken(self._at - max(promised, self._up_at), self._clock_moved))
        self._clock_moved, self._promised = False, None

    def _ring(self, decision: Decision) -> None:
        failed = 0
        for page in decision.pages:
            self.story.pages += 1
            self._newest[page.contact.code] = decision.step
            if self._rng.random() < self.world.failing:
                failed += 1
                continue
            for planned in answers_to(page.contact, self.world.moods[page.contact.code], self._at, self._rng):
                self._answer_later(planned)
        if decision.pages and failed == len(decision.pages):
            codes = frozenset(page.contact.code for page in decision.pages)
            self._later(self._at + self._rng.randrange(200, 20_000), lambda: self._lost(decision.step, codes))

    def _lost(self, step: int, codes: frozenset[str]) -> None:
        """No page of the step arrived; the pager says so where it still matters."""
        if self._waits(lambda: self._lost(step, codes)):
            return
        standing = self._standing
        matters = standing.state is IncidentState.OPEN and standing.step == step + 1
        overdue = standing.due_at is None or standing.due_at <= self._now()
        if matters and not overdue and not codes <= standing.took | standing.declined:
            self._hurry_oracle()
            self.oracle.hurried(self._at)
            self._apply(unreachable(standing, self._now()))

    def _answer(self, person: Contact, kind: ReplyKind) -> None:
        if self._waits(lambda: self._answer(person, kind)):
            return
        standing, tiers = self._standing, self.world.on_call(self._at)
        step = self._newest.get(person.code, standing.step - 1)
        before = self.oracle.due
        self.oracle.answered(person, kind, step=step, tiers=tiers, at=self._at)
        if self.oracle.due != before:
            self._hurry_oracle()
        policy, now = self.world.policy, self._now()
        self._apply(answered(standing, policy, tiers, person=person, kind=kind, step=step, now=now))

    def _hurry_oracle(self) -> None:
        """A hurried step is due now, whatever the clocks did before."""
        self._clock_moved, self._promised = False, None

    def _end(self, event: IncidentEvent) -> None:
        if self._waits(lambda: self._end(event)) or self._standing.state is not IncidentState.OPEN:
            return
        self.oracle.state = str(event)
        self._apply(ended_by(self._standing, event))

    def _waits(self, again: Callable[[], None]) -> bool:
        """What comes in while the pager is down is taken up when it is back."""
        if self._at >= self._up_at:
            return False
        self._later(self._up_at, again)
        return True

    def _restart(self, down: int) -> None:
        self._up_at = max(self._up_at, self._at + down)
        offset = self.world.wall_offset(self._up_at)
        moved, self._offset = offset - self._offset, offset
        self._standing = msgspec.json.decode(msgspec.json.encode(self._standing), type=Standing)
        if moved and self._standing.due_at is not None:
            self._promised = self.oracle.due if self._promised is None else self._promised
            self._clock_moved = True
            self.oracle.clock_moved(moved, self._up_at)

    def _apply(self, decision: Decision) -> None:
        check_decision(decision, self._standing)
        self._standing = decision.standing
        self.story.alarms += decision.effect is IncidentEffect.ALARM
        check_standing(self._standing, self.world.policy, self._now(), sane_clock=not self._clock_moved)
        check_quorum(self._standing, self.world.policy, self.world.people)
        check(self._standing.state == self.oracle.state, f"{self._standing.state}, and must be {self.oracle.state}")
