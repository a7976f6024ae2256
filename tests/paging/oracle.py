"""The rules of escalation a second time, from the issue's text: it judges the core and calls nothing of it.

It is told what happened, in true time, and says what must follow: when the next step is due, which one it is, whom it
must reach, and how the incident stands. Only the value types are shared with the core.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from alerting.core.contacts import ChannelName, Contact
from alerting.core.escalation import Policy
from alerting.core.replies import ReplyKind
from tests.paging.worlds import Rota

PUNCTUAL_MS = 5000
"""A step taken within this counts from when it was due."""
Address = tuple[str, ChannelName]


def addresses(pages: list[tuple[Contact, ChannelName]]) -> set[Address]:
    """What rings: a phone number, or a person's own address for messages."""
    return {(who.code if way is ChannelName.MESSAGE else who.number, way) for who, way in pages}


@dataclass(slots=True)
class Oracle:
    """What must be, at every instant; times are true milliseconds."""

    policy: Policy
    blocked: frozenset[Address]
    state: str = "open"
    step: int = 0
    due: int = 0
    from_taken: bool = False
    asked: set[str] = field(default_factory=set)
    has_it: dict[str, Contact] = field(default_factory=dict)
    said_no: set[str] = field(default_factory=set)

    def times(self) -> list[int]:
        """When each step comes, and last the alarm, after the opening."""
        spans = [*(step.after for step in self.policy.steps), self.policy.alarm_after]
        return [round(span.total_seconds() * 1000) for span in spans]

    def next_step(self, tiers: Rota) -> tuple[int, set[Address]] | None:
        """The next step that reaches somebody, and what it rings; None where only the alarm is left."""
        for index in range(self.step, len(self.policy.steps)):
            if rung := self._rung(index, tiers):
                return index, rung
        return None

    def alarmed(self, on_call: set[str]) -> None:
        """No step is left, for good."""
        self.step = len(self.policy.steps)
        self.state = "declined" if on_call and on_call <= self.said_no else "exhausted"

    def stepped(self, index: int, paged: set[str], at: int) -> None:
        """A step was taken."""
        times = self.times()
        late = at - self.due > PUNCTUAL_MS or self.from_taken
        self.due = (at if late else self.due) + times[index + 1] - times[index]
        self.step, self.from_taken = index + 1, False
        self.asked |= paged

    def hurried(self, at: int) -> None:
        """The next step is due at once."""
        self.due, self.from_taken = at, False

    def clock_moved(self, by: int, at: int) -> None:
        """The pager came back at ``at`` with a clock that is ``by`` ahead of the one it had."""
        self.due -= by
        times = self.times()
        longest = max(later - earlier for earlier, later in itertools.pairwise(times))
        if self.due > at + longest + PUNCTUAL_MS:
            self.due, self.from_taken = at, True

    def answered(self, person: Contact, kind: ReplyKind, *, step: int, tiers: Rota, at: int) -> None:
        """Somebody answered; ``step`` is that of the newest page they got."""
        if kind is ReplyKind.ESCALATE:
            if self.state == "open" and step >= self.step - 1:
                self.hurried(at)
        elif kind is ReplyKind.ACKNOWLEDGE:
            self.has_it[person.code] = person
            self.said_no.discard(person.code)
            if self.is_enough():
                self.state = "acknowledged"
        else:
            self._declined(person, tiers, at)

    def is_enough(self) -> bool:
        """Whether those who have it are all that must have it."""
        roles = {role for person in self.has_it.values() for role in person.roles}
        return bool(self.has_it) and self.policy.quorum <= roles

    def _declined(self, person: Contact, tiers: Rota, at: int) -> None:
        gave_back = self.has_it.pop(person.code, None) is not None
        self.said_no.add(person.code)
        if self.state == "acknowledged" and gave_back and not self.is_enough():
            self.state = "open"
            self.hurried(at)
        if self.state != "open":
            return
        on_call = {each.code for tier in tiers for each in tier}
        if not self.has_it and on_call <= self.said_no:
            self.state = "declined"
        elif gave_back or self.asked <= self.said_no | set(self.has_it):
            self.hurried(at)

    def _rung(self, index: int, tiers: Rota) -> set[Address]:
        step = self.policy.steps[index]
        everybody = [person for tier in tiers for person in tier]
        group = everybody
        if step.tier is not None and tiers:
            group = list(tiers[-1] if step.tier > len(tiers) else tiers[step.tier - 1])
        waiting = [person for person in group if person.code not in self.said_no and person.code not in self.has_it]
        roles = {role for person in self.has_it.values() for role in person.roles}
        of_use = [person for person in waiting if person.roles & (self.policy.quorum - roles)]
        pairs = [(who, way) for who in of_use or waiting for way in step.channels if way in who.channels]
        return addresses([(who, way) for who, way in pairs if (who.code, way) not in self.blocked])
