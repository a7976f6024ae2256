"""What must hold after every event of every history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from alerting.core.contacts import ChannelName, Contact
from alerting.core.escalation import Decision, Policy, Standing
from alerting.core.incidents import IncidentEffect, IncidentState

ALARMING = frozenset({IncidentState.DECLINED, IncidentState.EXHAUSTED})


class Broken(AssertionError):
    """An invariant does not hold."""


class Pages:
    """Every page of an incident so far."""

    def __init__(self) -> None:
        self.sent: set[tuple[str, ChannelName, int]] = set()
        self._rung: set[tuple[str, ChannelName, int]] = set()

    def add(self, decision: Decision, before: Standing) -> None:
        """Take up the pages of a decision.

        Raises:
            Broken: somebody is paged who answered, or twice.
        """
        for page in decision.pages:
            key = (page.contact.code, page.channel, decision.step)
            check(page.contact.code not in before.declined | before.took, f"{key} had answered")
            check(key not in self.sent, f"{key} is paged twice")
            self.sent.add(key)
            if page.channel is not ChannelName.MESSAGE:
                number = (page.contact.number, page.channel, decision.step)
                check(number not in self._rung, f"the number of {key} is rung twice")
                self._rung.add(number)


def check(holds: bool, what: str) -> None:
    """Raise where something does not hold.

    Raises:
        Broken: it does not.
    """
    if not holds:
        raise Broken(what)


def check_standing(standing: Standing, policy: Policy, now: datetime, *, sane_clock: bool) -> None:
    """Whatever is open has an instant, near enough; whatever has ended has none.

    Raises:
        Broken: otherwise.
    """
    is_open = standing.state is IncidentState.OPEN
    check(is_open is (standing.due_at is not None), f"{standing.state} with due_at {standing.due_at}")
    if standing.due_at is not None and sane_clock:
        check(standing.due_at <= now + policy.longest_gap, "the next step is further away than the longest gap")


def check_decision(decision: Decision, before: Standing) -> None:
    """No step comes twice, and nothing ends unanswered without an alarm.

    Raises:
        Broken: otherwise.
    """
    after = decision.standing
    check(after.step >= before.step, "a step is taken back")
    check(decision.effect is not IncidentEffect.REFUSE, f"{before.state} refuses {decision.event}")
    if after.state in ALARMING and after.state is not before.state:
        check(decision.effect is IncidentEffect.ALARM, f"{after.state} without an alarm")


def check_quorum(standing: Standing, policy: Policy, people: Iterable[Contact]) -> None:
    """Acknowledged means that somebody has it, and every role that must.

    Raises:
        Broken: otherwise.
    """
    if standing.state is IncidentState.ACKNOWLEDGED:
        roles = {role for person in people if person.code in standing.took for role in person.roles}
        check(bool(standing.took) and policy.quorum <= roles, "acknowledged without those who must")
