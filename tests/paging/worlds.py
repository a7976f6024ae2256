"""Seeded worlds for histories of one incident: a policy, people and how they answer, a rota, and what goes wrong.

Times are whole milliseconds of true time since the incident opened. The same seed always makes the same world.
"""

from __future__ import annotations

import enum
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from alerting.core.contacts import ChannelName, Contact
from alerting.core.escalation import Policy, Step
from alerting.core.incidents import IncidentEvent
from alerting.core.replies import ReplyKind

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
ROLES = ("ir", "neuro")
Rota = tuple[tuple[Contact, ...], ...]
_STEADY = (SECOND, 5 * SECOND, 20 * SECOND, 90 * SECOND)
_CLOCK_STEPS = (3 * SECOND, 40 * SECOND, 5 * MINUTE, 2 * HOUR)


class Mood(enum.StrEnum):
    """How somebody answers a page."""

    SILENT = "silent"
    TAKES = "takes"
    DECLINES = "declines"
    PASSES_ON = "passes_on"
    GIVES_BACK = "gives_back"
    ANYTHING = "anything"


@dataclass(frozen=True, slots=True)
class Restart:
    """The pager is killed at ``at`` and back after ``down``."""

    at: int
    down: int


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that a history meets.

    Attributes:
        rota: from which instant on who is on call; the first from 0 on.
        moods: person code to mood.
        failing: share of pages that never arrive.
        clock_steps: when the wall clock is set, and by how much (negative: back).
        strangers: answers of people who need not have been paged, from the board.
        ends: when a graver incident or a silence comes.
    """

    seed: int
    policy: Policy
    people: tuple[Contact, ...]
    rota: tuple[tuple[int, Rota], ...]
    blocked: frozenset[tuple[str, ChannelName]]
    moods: Mapping[str, Mood]
    failing: float
    restarts: tuple[Restart, ...]
    clock_steps: tuple[tuple[int, int], ...]
    strangers: tuple[tuple[int, Contact, ReplyKind], ...]
    ends: tuple[tuple[int, IncidentEvent], ...]

    def on_call(self, at: int) -> Rota:
        """The tiers at ``at``."""
        return [tiers for since, tiers in self.rota if since <= at][-1]

    def wall_offset(self, at: int) -> int:
        """How far the wall clock is ahead of true time at ``at``."""
        return sum(by for when, by in self.clock_steps if when <= at)


def random_world(seed: int) -> World:
    """Make the world of a seed."""
    rng = random.Random(seed)
    people = _people(rng)
    horizon = 12 * MINUTE
    answers = (ReplyKind.ACKNOWLEDGE, ReplyKind.DECLINE, ReplyKind.ESCALATE)
    endings = (IncidentEvent.MUTED, IncidentEvent.SILENCED)
    return World(
        seed=seed,
        policy=_policy(rng),
        people=people,
        rota=_rota(rng, people, horizon),
        blocked=frozenset((p.code, c) for p in people for c in ChannelName if rng.random() < 0.05),
        moods=_moods(rng, people),
        failing=rng.choice((0.0, 0.0, 0.0, 0.1, 0.5, 0.9)),
        restarts=tuple(
            Restart(rng.randrange(horizon), rng.choice(_STEADY)) for _ in range(rng.choice((0, 0, 1, 2, 5)))
        ),
        clock_steps=_clock_steps(rng, horizon),
        strangers=tuple(
            (rng.randrange(2 * horizon), rng.choice(people), rng.choice(answers)) for _ in _times(rng, 0.1)
        ),
        ends=tuple((rng.randrange(horizon), rng.choice(endings)) for _ in _times(rng, 0.1)),
    )


def default_policy() -> Policy:
    """The default of the issue: text at 0 s, call at 60 s, next tier at 120 s, everyone by 300 s, alarm at 420 s."""
    sms, both = (ChannelName.SMS,), (ChannelName.SMS, ChannelName.VOICE)
    given = ((0, 1, sms), (60, 1, (ChannelName.VOICE,)), (120, 2, both), (300, None, both))
    return Policy(
        tuple(Step(timedelta(seconds=after), tier, way) for after, tier, way in given), timedelta(seconds=420)
    )


def _times(rng: random.Random, share: float) -> range:
    return range(1 if rng.random() < share else 0)


def _policy(rng: random.Random) -> Policy:
    quorum = frozenset(rng.sample(ROLES, rng.choice((0, 0, 0, 0, 0, 0, 1, 1, 2))))
    if rng.random() < 0.4:
        plain = default_policy()
        return Policy(plain.steps, plain.alarm_after, quorum)
    times = [0]
    for _ in range(rng.randint(1, 5)):
        times.append(times[-1] + rng.choice((5, 30, 60, 60, 61, 180, 180, 400)))
    steps = tuple(
        Step(timedelta(seconds=at), rng.choice((None, 1, 1, 2, 3, 4)), _ways(rng, tuple(ChannelName)))
        for at in times[:-1]
    )
    return Policy(steps, timedelta(seconds=times[-1]), quorum)


def _ways(rng: random.Random, channels: tuple[ChannelName, ...]) -> tuple[ChannelName, ...]:
    return tuple(rng.sample(channels, rng.randint(1, len(channels))))


def _people(rng: random.Random) -> tuple[Contact, ...]:
    count = rng.randint(1, 7)
    return tuple(
        Contact(
            f"p{index}",
            f"+4477009000{rng.randrange(count + 3):02d}",
            frozenset(role for role in ROLES if rng.random() < 0.5),
            frozenset(_ways(rng, tuple(ChannelName))) if rng.random() < 0.3 else frozenset(ChannelName),
        )
        for index in range(count)
    )


def _rota(rng: random.Random, people: tuple[Contact, ...], horizon: int) -> tuple[tuple[int, Rota], ...]:
    changes = sorted(rng.randrange(horizon) for _ in range(rng.choice((0, 0, 0, 1, 2))))
    return tuple((at, _tiers(rng, people)) for at in (0, *changes))


def _tiers(rng: random.Random, people: tuple[Contact, ...]) -> Rota:
    sizes = [
        rng.choice((0, 1, 1, 1, 1, 2, 2, 2, 3, 3)) for _ in range(rng.choice((0, *(1, 1, 2, 2, 2, 2, 3, 3, 4) * 2)))
    ]
    return tuple(tuple(rng.sample(people, min(size, len(people)))) for size in sizes)


def _moods(rng: random.Random, people: tuple[Contact, ...]) -> dict[str, Mood]:
    everybody = rng.choice(
        (None, None, None, Mood.TAKES, Mood.TAKES, Mood.SILENT, Mood.DECLINES, Mood.GIVES_BACK, Mood.ANYTHING)
    )
    return {person.code: everybody or rng.choice(list(Mood)) for person in people}


def _clock_steps(rng: random.Random, horizon: int) -> tuple[tuple[int, int], ...]:
    count = rng.choice((0, 0, 1, 2))
    return tuple((rng.randrange(horizon), rng.choice((-1, 1)) * rng.choice(_CLOCK_STEPS)) for _ in range(count))
