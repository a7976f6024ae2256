"""Decides when a study is complete: by count, by geometry, by silence, or because waiting any longer is worse.

Who calls it: the gateway's tracker, with what is known of one study and the present instant. It must not read a
clock, do I/O, or look at the order in which instances came: only at which came, and at which instants.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from streams.core.slice_gaps import has_no_gap


class ReadinessRule(enum.StrEnum):
    """Which rule judged a study complete; it travels in the event as ``readiness``."""

    EXPECTED_COUNT = "expected_count"
    RELEASED_AND_GAP_FREE = "released_and_gap_free"
    QUIET = "quiet"
    HARD_LIMIT = "hard_limit"
    NONE = ""


class Sending(enum.StrEnum):
    """What is known of the associations that brought the study; ``UNKNOWN`` for a watched PACS."""

    UNKNOWN = "unknown"
    OPEN = "open"
    RELEASED = "released"
    ABORTED = "aborted"


class Shape(enum.StrEnum):
    """How the completeness of a series can be seen from the series itself."""

    STACK = "stack"
    """Single slices: complete when their positions leave no gap."""
    SELF_CONTAINED = "self_contained"
    """Projections, multi-frame objects and localizers: each instance is whole."""


@dataclass(frozen=True, slots=True)
class SeriesProgress:
    """What has arrived of one series.

    Attributes:
        instances: number of instances held, announced ones included.
        pending: number of those that no announcement covers yet.
        positions_mm: slice positions along the normal, any order; NaN-free.
        expected: NumberOfSeriesRelatedInstances (0020,1209) or the PACS's own word, where given.
    """

    shape: Shape
    instances: int
    pending: int
    positions_mm: tuple[float, ...] = ()
    expected: int | None = None

    @property
    def is_new(self) -> bool:
        """Nothing of the series has been announced."""
        return self.pending == self.instances

    @property
    def is_counted_complete(self) -> bool:
        """The expected number of instances is known and there."""
        return self.expected is not None and self.instances >= self.expected

    @property
    def is_known_short(self) -> bool:
        """The expected number of instances is known and not there."""
        return self.expected is not None and self.instances < self.expected


@dataclass(frozen=True, slots=True)
class StudyProgress:
    """A study as known.

    Attributes:
        series: progress by SeriesInstanceUID.
        arrivals: instants (aware UTC, any order) of pending instances and pending problems.
        sending: state of the associations that brought it.
        released_at: when the last association was released.
        expected: NumberOfStudyRelatedInstances (0020,1208), where given.
        revision: announcements already made.
        listening_since: silence before this instant was not heard, because the gateway was down.
    """

    series: Mapping[str, SeriesProgress] = field(default_factory=dict)
    arrivals: tuple[datetime, ...] = ()
    sending: Sending = Sending.UNKNOWN
    released_at: datetime | None = None
    expected: int | None = None
    revision: int = 0
    listening_since: datetime | None = None

    @property
    def instances(self) -> int:
        """Instances held over all series."""
        return sum(one.instances for one in self.series.values())

    @property
    def is_late_slices_only(self) -> bool:
        """All that is pending belongs to series already announced."""
        return self.revision > 0 and not any(one.pending and one.is_new for one in self.series.values())


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds.

    Attributes:
        geometry_wait_s: shortest silence after release for a gap-free study; at most 2.
        quiet_min_s: shortest silence that means "no more is coming".
        quiet_max_s: longest such silence; also used while gaps in time are unknown or a slice is missing.
        amend_quiet_s: silence before late slices of announced series become an amendment.
        hard_limit_s: after the first pending instance, however busy the sender is.
        gap_factor: the quiet time is this many times the longest usual gap between arrivals.
    """

    geometry_wait_s: float = 0.5
    quiet_min_s: float = 2.0
    quiet_max_s: float = 8.0
    amend_quiet_s: float = 8.0
    hard_limit_s: float = 60.0
    gap_factor: float = 5.0


@dataclass(frozen=True, slots=True)
class Decision:
    """Ready or not, by which rule, and when to ask again if nothing else arrives."""

    ready: bool
    rule: ReadinessRule = ReadinessRule.NONE
    wake_at: datetime | None = None


# Below this many arrivals the gaps between them say little about the sender's pace.
_MIN_ARRIVALS_FOR_PACE = 5
# The longest gaps are the sender's own pauses between series; the pace is what nine gaps in ten stay below.
_PACE_QUANTILE = 0.9
# Silence of this many usual pauses; the brief upper bound keeps a slow sender from costing more than geometry saves.
_PAUSES_TO_SIT_OUT = 2.0
_GEOMETRY_WAIT_MAX_S = 2.0


def decide(study: StudyProgress, patience: Patience, now: datetime) -> Decision:
    """Decide whether ``study`` is complete at ``now``.

    The first rule whose instant has come wins: count, geometry, quiet, hard limit.
    """
    if not study.arrivals:
        return Decision(ready=False)
    instants = _instants(study, patience)
    for rule, at in instants:
        if now >= at:
            return Decision(ready=True, rule=rule)
    return Decision(ready=False, wake_at=min(at for _, at in instants))


def quiet_time_s(study: StudyProgress, patience: Patience) -> float:
    """Seconds of silence that mean "no more is coming", adapted to the sender's pace and bounded."""
    if study.is_late_slices_only:
        return patience.amend_quiet_s
    if len(study.arrivals) < _MIN_ARRIVALS_FOR_PACE or _is_visibly_incomplete(study):
        return patience.quiet_max_s
    return min(patience.quiet_max_s, max(patience.quiet_min_s, patience.gap_factor * _pace_s(study.arrivals)))


def geometry_wait_s(study: StudyProgress, patience: Patience) -> float:
    """Seconds of silence that a released, gap-free study needs: more for a sender that pauses between slices.

    Some senders open an association for each slice; every release then looks like the end.
    """
    pauses = _PAUSES_TO_SIT_OUT * _pace_s(study.arrivals)
    return max(patience.geometry_wait_s, min(_GEOMETRY_WAIT_MAX_S, pauses))


def _instants(study: StudyProgress, patience: Patience) -> list[tuple[ReadinessRule, datetime]]:
    """Every rule that applies, with the instant from which it says "ready", strongest evidence first."""
    last = max(study.arrivals)
    heard_from = max(last, study.listening_since) if study.listening_since else last
    instants = []
    if _is_counted_complete(study):
        instants.append((ReadinessRule.EXPECTED_COUNT, last))
    if _is_released_and_gap_free(study) and study.released_at is not None:
        settled = max(heard_from, study.released_at) + timedelta(seconds=geometry_wait_s(study, patience))
        instants.append((ReadinessRule.RELEASED_AND_GAP_FREE, settled))
    instants.append((ReadinessRule.QUIET, heard_from + timedelta(seconds=quiet_time_s(study, patience))))
    hard = min(study.arrivals) + timedelta(seconds=patience.hard_limit_s)
    instants.append((ReadinessRule.HARD_LIMIT, hard))
    return instants


def _is_counted_complete(study: StudyProgress) -> bool:
    """By the study's count; a series' own count cannot tell that no further series follows."""
    return study.expected is not None and study.instances >= study.expected


def _is_released_and_gap_free(study: StudyProgress) -> bool:
    if study.sending is not Sending.RELEASED or study.is_late_slices_only or not study.series:
        return False
    if study.expected is not None and study.instances < study.expected:
        return False
    return all(_is_whole(one) for one in study.series.values())


def _is_whole(series: SeriesProgress) -> bool:
    if series.is_counted_complete:
        return True
    if series.is_known_short:
        return False
    return series.shape is Shape.SELF_CONTAINED or has_no_gap(series.positions_mm)


def _is_visibly_incomplete(study: StudyProgress) -> bool:
    """A count is short, or a stack has a hole: such a study deserves the longest quiet time."""
    if study.expected is not None and study.instances < study.expected:
        return True
    return not all(_is_whole(one) for one in study.series.values())


def _pace_s(arrivals: tuple[datetime, ...]) -> float:
    """Usual longest gap between arrivals, in seconds."""
    ordered = sorted(arrivals)
    gaps = sorted((b - a).total_seconds() for a, b in pairwise(ordered))
    if not gaps:
        return 0.0
    return gaps[min(len(gaps) - 1, int(len(gaps) * _PACE_QUANTILE))]
