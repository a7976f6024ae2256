"""How an incident climbs: who is paged at which step, when the next one is due, and what an answer changes.

Who calls it: ``alerting.pager.escalation`` with what the store knows, and ``bench.paging_core`` with histories. Pure:
people, state and the time in, a decision out; the caller writes it down in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerting.core.contacts import ChannelName, Contact
from alerting.core.incidents import IncidentEffect, IncidentEvent, IncidentState, Move, advance
from alerting.core.replies import ReplyKind

Tiers = Sequence[Sequence[Contact]]
_PUNCTUAL = timedelta(seconds=5)
CLOCK_SLACK = timedelta(seconds=5)
"""Readings of two pagers may differ by this much without one taking the other's instants for a clock set back."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``after`` the opening, over ``channels``, to ``tier`` (from 1) or, where it is None, to everybody."""

    after: timedelta
    tier: int | None
    channels: tuple[ChannelName, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """The steps in order, when the ED desk is alarmed, and the roles that must all acknowledge (none: one person)."""

    steps: tuple[Step, ...]
    alarm_after: timedelta
    quorum: frozenset[str] = frozenset()

    def gap_after(self, step: int) -> timedelta:
        """Time from ``step`` to the next one, or to the alarm."""
        times = [*(item.after for item in self.steps), self.alarm_after]
        return times[step + 1] - times[step]

    @property
    def longest_gap(self) -> timedelta:
        """No next step is ever further away than this."""
        return max(self.gap_after(step) for step in range(len(self.steps)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an incident stands.

    Attributes:
        state: where it is.
        step: index of the next step; as many as the policy has when only the alarm is left.
        due_at: when that is due (aware UTC); None where nothing is due any more.
        stepped_at: when the newest step was due.
        asked: codes of those who were paged.
        took: codes of those who acknowledged.
        declined: codes of those who declined.
        holders: those who acknowledged, as people: their roles count after they went off call, too.
    """

    state: IncidentState
    due_at: datetime | None
    step: int = 0
    stepped_at: datetime | None = None
    asked: frozenset[str] = frozenset()
    took: frozenset[str] = frozenset()
    declined: frozenset[str] = frozenset()
    holders: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page to plan."""

    contact: Contact
    channel: ChannelName


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What an incident becomes: its new standing, why, what to do, and the pages of the step that was taken."""

    standing: Standing
    event: IncidentEvent
    effect: IncidentEffect
    step: int
    pages: tuple[Wanted, ...] = ()


def opened(now: datetime) -> Standing:
    """The standing of a new incident: its first step is due at once."""
    return Standing(state=IncidentState.OPEN, due_at=now)


def is_due(standing: Standing, policy: Policy, now: datetime) -> bool:
    """Say whether the next step is due.

    An instant further ahead than the policy's longest gap, and more than two pagers' clocks differ, was written by a
    clock that has been set back since: it counts as due, because early is safe and an hour late is not.
    """
    if standing.state is not IncidentState.OPEN or standing.due_at is None:
        return False
    return standing.due_at <= now or standing.due_at > now + policy.longest_gap + CLOCK_SLACK


def take_step(
    standing: Standing, policy: Policy, tiers: Tiers, *, blocked: Set[tuple[str, ChannelName]], now: datetime
) -> Decision:
    """Take the step that is due; steps that reach nobody are passed over at once.

    Args:
        standing: how the incident stands; its next step must be due.
        policy: the team's policy.
        tiers: the team's people at ``now``.
        blocked: person and channel pairs that cannot be used, for example opted-out phones.
        now: aware UTC.
    """
    start = _start(standing, policy, now)
    for index in range(standing.step, len(policy.steps)):
        pages = _pages(standing, policy, tiers, policy.steps[index], blocked)
        if pages:
            after = replace(
                standing,
                step=index + 1,
                due_at=start + policy.gap_after(index),
                stepped_at=start,
                asked=standing.asked | {page.contact.code for page in pages},
            )
            return _decided(after, IncidentEvent.STEP_DUE, index, pages)
    return _over(replace(standing, step=len(policy.steps)), tiers)


def answered(
    standing: Standing, policy: Policy, tiers: Tiers, *, person: Contact, kind: ReplyKind, step: int, now: datetime
) -> Decision:
    """What a person's answer makes of an incident; ``step`` is that of the newest page this person got.

    Raises:
        ValueError: ``kind`` is none of acknowledge, escalate, decline.
    """
    match kind:
        case ReplyKind.ACKNOWLEDGE:
            return _taken(standing, policy, tiers, person)
        case ReplyKind.DECLINE:
            return _declined(standing, policy, tiers, person, now=now)
        case ReplyKind.ESCALATE:
            # Who answers an old page asks for a step that has been taken since.
            event = IncidentEvent.ESCALATED if step >= standing.step - 1 else IncidentEvent.NOTED
            return _hurried(standing, event, now)
        case _:
            raise ValueError(f"{kind} is no answer to an incident")


def unreachable(standing: Standing, now: datetime) -> Decision:
    """No page of the newest step can arrive: the next step is due at once."""
    return _hurried(standing, IncidentEvent.UNREACHABLE, now)


def ended_by(standing: Standing, event: IncidentEvent) -> Decision:
    """End an incident that is muted by a graver one or silenced by a person."""
    return _decided(standing, event, standing.step)


def still_missing(policy: Policy, people: Sequence[Contact], took: Set[str]) -> frozenset[str]:
    """Roles that must acknowledge and have not; without such roles empty once anybody took it."""
    done = {role for person in people if person.code in took for role in person.roles}
    return policy.quorum - done


def _start(standing: Standing, policy: Policy, now: datetime) -> datetime:
    """A step taken in time counts from when it was due, so that small delays do not add up."""
    due = standing.due_at
    return due if due is not None and due <= now <= due + _PUNCTUAL and policy.steps else now


def _pages(
    standing: Standing, policy: Policy, tiers: Tiers, step: Step, blocked: Set[tuple[str, ChannelName]]
) -> tuple[Wanted, ...]:
    people = _wanted_people(standing, policy, tiers, step)
    return tuple(Wanted(person, channel) for channel in step.channels for person in _reached(people, channel, blocked))


def _wanted_people(standing: Standing, policy: Policy, tiers: Tiers, step: Step) -> list[Contact]:
    everybody = [person for tier in tiers for person in tier]
    # A team of fewer tiers than the policy has steps for: its last tier is asked again.
    tier = everybody if step.tier is None else list(tiers[min(step.tier, len(tiers)) - 1]) if tiers else []
    free = [person for person in tier if person.code not in standing.declined | standing.took]
    missing = still_missing(policy, [*everybody, *standing.holders], standing.took)
    fitting = [person for person in free if person.roles & missing]
    return fitting if missing and fitting else free


def _reached(
    people: Sequence[Contact], channel: ChannelName, blocked: Set[tuple[str, ChannelName]]
) -> Sequence[Contact]:
    """A number that several people share rings once; a message goes to each person's own address."""
    first: dict[str, Contact] = {}
    for person in people:
        if channel in person.channels and (person.code, channel) not in blocked:
            first.setdefault(person.code if channel is ChannelName.MESSAGE else person.number, person)
    return tuple(first.values())


def _over(standing: Standing, tiers: Tiers) -> Decision:
    everybody = _codes(tiers)
    declined = bool(everybody) and everybody <= standing.declined
    event = IncidentEvent.ALL_DECLINED if declined else IncidentEvent.STEPS_OVER
    return _decided(standing, event, standing.step)


def _taken(standing: Standing, policy: Policy, tiers: Tiers, person: Contact) -> Decision:
    took = standing.took | {person.code}
    holders = (*(each for each in standing.holders if each.code != person.code), person)
    after = replace(standing, took=took, declined=standing.declined - {person.code}, holders=holders)
    missing = still_missing(policy, _people(after, tiers), took)
    event = IncidentEvent.PARTLY_ACKNOWLEDGED if missing else IncidentEvent.ACKNOWLEDGED
    return _decided(after, event, standing.step)


def _declined(standing: Standing, policy: Policy, tiers: Tiers, person: Contact, *, now: datetime) -> Decision:
    gives_back = person.code in standing.took
    reopens = gives_back and standing.state is IncidentState.ACKNOWLEDGED
    after = replace(standing, took=standing.took - {person.code}, declined=standing.declined | {person.code})
    if _codes(tiers) <= after.declined | after.took and not after.took:
        # Nobody is left to ask. From an acknowledged incident the way to the alarm leads through "open".
        reopened = replace(after, state=IncidentState.OPEN) if reopens else after
        return _decided(reopened, IncidentEvent.ALL_DECLINED, standing.step)
    if reopens and _is_held(after, policy, tiers):
        return _decided(after, IncidentEvent.NOTED, standing.step)
    if gives_back:
        return _hurried(after, IncidentEvent.WITHDRAWN, now)
    if after.asked <= after.declined | after.took:
        return _hurried(after, IncidentEvent.ASKED_ALL_DECLINED, now)
    return _decided(after, IncidentEvent.DECLINED, standing.step)


def _is_held(standing: Standing, policy: Policy, tiers: Tiers) -> bool:
    """Say whether those who still have it are enough."""
    return bool(standing.took) and not still_missing(policy, _people(standing, tiers), standing.took)


def _hurried(standing: Standing, event: IncidentEvent, now: datetime) -> Decision:
    decision = _decided(standing, event, standing.step)
    if decision.effect is not IncidentEffect.HURRY:
        return decision
    return replace(decision, standing=replace(decision.standing, due_at=now))


def _decided(standing: Standing, event: IncidentEvent, step: int, pages: tuple[Wanted, ...] = ()) -> Decision:
    move: Move = advance(standing.state, event)
    due_at = standing.due_at if move.state is IncidentState.OPEN else None
    after = replace(standing, state=move.state, due_at=due_at)
    return Decision(standing=after, event=event, effect=move.effect, step=step, pages=pages)


def _people(standing: Standing, tiers: Tiers) -> list[Contact]:
    """Everybody whose roles are known: who is on call, and who has it."""
    return [*(person for tier in tiers for person in tier), *standing.holders]


def _codes(tiers: Tiers) -> frozenset[str]:
    return frozenset(person.code for tier in tiers for person in tier)
