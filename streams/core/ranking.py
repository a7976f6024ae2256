"""The order of the reading list, with the reason of every row. Pure; ``now`` is an argument.

Called by the decider (to store the tier and the words) and by the board and exporter (to order what is open).

Rules, in this order:
1. An emergency finding leads (tier 0), oldest first.
2. Then cases that reached their waiting limit, oldest first: nothing that arrives later passes them but rule 1.
3. Then by tier: the smaller of the human's priority and what the finding's urgency asks for. A model can only raise.
4. Inside a tier: findings, then "not analysed" and undecided cases, then the rest; each oldest first. A failed or late
   analysis therefore ranks above a negative one and never below first-in-first-out.

Why a limit: reordering alone shortens the mean wait and lengthens the longest (Baltruschat et al., Eur Radiol 2021,
doi 10.1007/s00330-020-07480-7).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.findings import FindingState, OutcomeKind, Urgency
from schemas.priorities import Priority
from streams.core.states import PathwayView

EMERGENCY_TIER = 0
STAT_TIER = 1
HIGH_TIER = 2
ROUTINE_TIER = 3

_BY_PRIORITY = {Priority.STAT: STAT_TIER, Priority.HIGH: HIGH_TIER}
_BY_URGENCY = {Urgency.EMERGENCY: EMERGENCY_TIER, Urgency.URGENT: STAT_TIER, Urgency.ROUTINE: HIGH_TIER}


class InTier(enum.IntEnum):
    """Order inside a tier."""

    FLAGGED = 0
    UNDECIDED = 1
    PLAIN = 2


@dataclass(frozen=True, slots=True)
class WaitLimits:
    """How long a case may wait before it is promoted, by human priority (minutes to hours, set per site)."""

    stat: timedelta = timedelta(minutes=15)
    high: timedelta = timedelta(minutes=30)
    routine: timedelta = timedelta(minutes=60)

    def of(self, priority: Priority) -> timedelta:
        """The limit of a priority."""
        return {Priority.STAT: self.stat, Priority.HIGH: self.high}.get(priority, self.routine)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a case belongs, before the others are looked at."""

    tier: int
    in_tier: InTier
    reason: str


@dataclass(frozen=True, slots=True)
class RankInput:
    """A row of the list as ranking needs it."""

    case_id: str
    placement: Placement
    arrived_at: datetime
    wait_limit_at: datetime


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row with its position (1 is read first) and the reason in words."""

    case_id: str
    position: int
    reason: str
    promoted: bool


def place(priority: Priority, pathways: Iterable[PathwayView]) -> Placement:
    """Place a case by its human priority and the gravest thing any pathway says."""
    human = _BY_PRIORITY.get(priority, ROUTINE_TIER)
    said = [_pathway_placement(human, item) for item in pathways]
    ordered = _human_placement(priority, human)
    best = min((*said, ordered), key=lambda item: (item.tier, item.in_tier))
    if best is ordered or best.tier < human or priority not in _BY_PRIORITY:
        return best
    return Placement(best.tier, best.in_tier, f"{ordered.reason}; {best.reason}")


def rank(items: Iterable[RankInput], now: datetime) -> list[Ranked]:
    """Order the open rows; ties break by arrival, then case id, so that the order is total and repeatable."""
    ordered = sorted(items, key=lambda item: _key(item, now))
    return [
        Ranked(item.case_id, position, _reason(item, now), _is_promoted(item, now))
        for position, item in enumerate(ordered, start=1)
    ]


def _key(item: RankInput, now: datetime) -> tuple[int, int, datetime, str]:
    if item.placement.tier == EMERGENCY_TIER:
        return (0, 0, item.arrived_at, item.case_id)
    if _is_promoted(item, now):
        return (1, 0, item.arrived_at, item.case_id)
    return (1 + item.placement.tier, item.placement.in_tier, item.arrived_at, item.case_id)


def _is_promoted(item: RankInput, now: datetime) -> bool:
    return item.placement.tier != EMERGENCY_TIER and now >= item.wait_limit_at


def _reason(item: RankInput, now: datetime) -> str:
    if _is_promoted(item, now):
        waited = int((now - item.arrived_at).total_seconds() // 60)
        return f"promoted: waited {waited} min; {item.placement.reason}"
    return item.placement.reason


def _human_placement(priority: Priority, tier: int) -> Placement:
    words = {Priority.STAT: "ordered STAT", Priority.HIGH: "ordered high priority"}
    return Placement(tier, InTier.PLAIN, words.get(priority, "routine, in order of arrival"))


def _pathway_placement(human: int, item: PathwayView) -> Placement:
    outcome = item.outcome
    if outcome is None or outcome.kind is OutcomeKind.NOT_APPLICABLE:
        under_way = item.eligible and outcome is None
        return Placement(human, InTier.PLAIN, "analysis under way" if under_way else "no analysis applies")
    if outcome.kind is not OutcomeKind.SCORED or outcome.finding is None:
        return Placement(human, InTier.UNDECIDED, f"not analysed: {outcome.reason}")
    finding = outcome.finding
    name = finding.code.upper() if len(finding.code) <= _ACRONYM else finding.code
    if finding.state is FindingState.DETECTED:
        tier = min(human, _BY_URGENCY.get(finding.urgency, human))
        return Placement(tier, InTier.FLAGGED, f"suspected {name}" + (f": {finding.reason}" if finding.reason else ""))
    if finding.state is FindingState.NOT_DETECTED:
        return Placement(human, InTier.PLAIN, f"{name} not detected; in order of arrival")
    return Placement(human, InTier.UNDECIDED, f"{name} indeterminate: {finding.reason}")


_ACRONYM = 4
