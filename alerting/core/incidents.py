"""The life of an incident as a table: (state, event) -> (state, effect).

Who calls it: ``alerting.core.escalation``, which finds out which event it is. It decides what an incident becomes and
what has to be done; it never does it. Every incident ends acknowledged, declined by everybody, exhausted with an
alarm at the ED desk, muted by a graver one of its case, or silenced by a person.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class IncidentState(enum.StrEnum):
    """Where an incident is; the words stand in the store."""

    OPEN = "open"
    """People are being paged."""
    ACKNOWLEDGED = "acknowledged"
    """Everybody who must take it has taken it."""
    DECLINED = "declined"
    """Everybody who can be asked has declined; the ED desk was alarmed."""
    EXHAUSTED = "exhausted"
    """Every step was taken and nobody answered; the ED desk was alarmed."""
    MUTED = "muted"
    """A graver finding of the same case is being paged."""
    SILENCED = "silenced"
    """A person silenced the team or pathway."""


class IncidentEvent(enum.StrEnum):
    """What can happen to an incident."""

    STEP_DUE = "step_due"
    """The next step of the policy is due, and somebody can be paged."""
    STEPS_OVER = "steps_over"
    """Every step was taken and the time after the last one is over."""
    PARTLY_ACKNOWLEDGED = "partly_acknowledged"
    """Somebody takes it, but a role that must acknowledge is still missing."""
    ACKNOWLEDGED = "acknowledged"
    """Everybody who must acknowledge has done so."""
    DECLINED = "declined"
    """Somebody declined; others were asked and may still answer."""
    ASKED_ALL_DECLINED = "asked_all_declined"
    """Everybody asked so far has answered, and it is not enough; there are others."""
    ALL_DECLINED = "all_declined"
    """Everybody who can be asked declined."""
    ESCALATED = "escalated"
    """Somebody asked for the next step."""
    WITHDRAWN = "withdrawn"
    """Who took it gives it back."""
    NOTED = "noted"
    """An answer that changes nothing: a wish for a step that was taken meanwhile, or one of several gives it back."""
    UNREACHABLE = "unreachable"
    """No page of the newest step can arrive."""
    MUTED = "muted"
    """A graver finding of the case was opened."""
    SILENCED = "silenced"
    """A silence covers it."""


class IncidentEffect(enum.StrEnum):
    """What has to be done because of an event."""

    PAGE = "page"
    """Page the people of the step."""
    HURRY = "hurry"
    """The next step is due at once."""
    END = "end"
    """Take back what was not sent yet; no further step."""
    ALARM = "alarm"
    """No further step; alarm the ED desk."""
    CLEAR_ALARM = "clear_alarm"
    """Somebody has it after all."""
    NOTE = "note"
    """Write it in the history; nothing follows."""
    REFUSE = "refuse"
    """Cannot happen from a correct pager: change nothing, count it."""


@dataclass(frozen=True, slots=True)
class Move:
    """What an incident becomes and what has to be done."""

    state: IncidentState
    effect: IncidentEffect


_S, _E, _F = IncidentState, IncidentEvent, IncidentEffect
_ENDED = (_S.ACKNOWLEDGED, _S.DECLINED, _S.EXHAUSTED, _S.MUTED, _S.SILENCED)
_ANSWERS = (
    _E.PARTLY_ACKNOWLEDGED,
    _E.DECLINED,
    _E.ASKED_ALL_DECLINED,
    _E.ALL_DECLINED,
    _E.ESCALATED,
    _E.WITHDRAWN,
    _E.UNREACHABLE,
)

_MOVES: dict[tuple[IncidentState, IncidentEvent], Move] = {
    # An answer that comes after the end is written down and changes nothing ...
    **{(state, event): Move(state, _F.NOTE) for state in _ENDED for event in _ANSWERS},
    **{(state, _E.NOTED): Move(state, _F.NOTE) for state in _S},
    (_S.OPEN, _E.STEP_DUE): Move(_S.OPEN, _F.PAGE),
    (_S.OPEN, _E.STEPS_OVER): Move(_S.EXHAUSTED, _F.ALARM),
    (_S.OPEN, _E.PARTLY_ACKNOWLEDGED): Move(_S.OPEN, _F.NOTE),
    (_S.OPEN, _E.ACKNOWLEDGED): Move(_S.ACKNOWLEDGED, _F.END),
    (_S.OPEN, _E.DECLINED): Move(_S.OPEN, _F.NOTE),
    (_S.OPEN, _E.ASKED_ALL_DECLINED): Move(_S.OPEN, _F.HURRY),
    (_S.OPEN, _E.ALL_DECLINED): Move(_S.DECLINED, _F.ALARM),
    (_S.OPEN, _E.ESCALATED): Move(_S.OPEN, _F.HURRY),
    (_S.OPEN, _E.WITHDRAWN): Move(_S.OPEN, _F.HURRY),
    (_S.OPEN, _E.UNREACHABLE): Move(_S.OPEN, _F.HURRY),
    (_S.OPEN, _E.MUTED): Move(_S.MUTED, _F.END),
    (_S.OPEN, _E.SILENCED): Move(_S.SILENCED, _F.END),
    # ... but whoever takes it late has it, and whoever gives it back sets it going again.
    (_S.DECLINED, _E.ACKNOWLEDGED): Move(_S.ACKNOWLEDGED, _F.CLEAR_ALARM),
    (_S.EXHAUSTED, _E.ACKNOWLEDGED): Move(_S.ACKNOWLEDGED, _F.CLEAR_ALARM),
    (_S.MUTED, _E.ACKNOWLEDGED): Move(_S.ACKNOWLEDGED, _F.NOTE),
    (_S.SILENCED, _E.ACKNOWLEDGED): Move(_S.ACKNOWLEDGED, _F.NOTE),
    (_S.ACKNOWLEDGED, _E.ACKNOWLEDGED): Move(_S.ACKNOWLEDGED, _F.NOTE),
    (_S.ACKNOWLEDGED, _E.WITHDRAWN): Move(_S.OPEN, _F.HURRY),
    (_S.ACKNOWLEDGED, _E.MUTED): Move(_S.ACKNOWLEDGED, _F.NOTE),
    (_S.ACKNOWLEDGED, _E.SILENCED): Move(_S.ACKNOWLEDGED, _F.NOTE),
}


def advance(state: IncidentState, event: IncidentEvent) -> Move:
    """Say what ``event`` makes of an incident in ``state``; pairs that cannot happen leave it and say ``refuse``."""
    return _MOVES.get((state, event), Move(state, IncidentEffect.REFUSE))
