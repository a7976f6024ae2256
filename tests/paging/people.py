"""How people answer a page: when, and what, by their mood."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from alerting.core.contacts import Contact
from alerting.core.replies import ReplyKind
from tests.paging.worlds import Mood

_ANSWERS = (ReplyKind.ACKNOWLEDGE, ReplyKind.DECLINE, ReplyKind.ESCALATE)
_BY_MOOD = {
    Mood.TAKES: (ReplyKind.ACKNOWLEDGE,),
    Mood.DECLINES: (ReplyKind.DECLINE,),
    Mood.PASSES_ON: (ReplyKind.ESCALATE,),
    Mood.GIVES_BACK: (ReplyKind.ACKNOWLEDGE, ReplyKind.DECLINE),
}


@dataclass(frozen=True, slots=True)
class Planned:
    """An answer that somebody is going to give."""

    at: int
    person: Contact
    kind: ReplyKind


def answers_to(person: Contact, mood: Mood, at: int, rng: random.Random) -> Sequence[Planned]:
    """What somebody is going to answer to a page that rings at ``at`` (ms)."""
    kinds = _BY_MOOD.get(mood, ())
    if mood is Mood.ANYTHING:
        kinds = tuple(rng.choices(_ANSWERS, k=rng.randint(0, 2)))
    if rng.random() < 0.3:
        return ()
    planned = []
    for kind in kinds:
        at += round(rng.expovariate(1 / 45_000)) + 800
        planned.append(Planned(at, person, kind))
    return planned
