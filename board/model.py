"""The view model: what a screen shows, ready to be rendered or sent as JSON. Plain values, no behaviour but formatting.

Instants stay absolute, so that the model changes only when something happened; ages are computed where they are shown.
"""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from board.words import Tone


class ClockKind(enum.StrEnum):
    """How a clock moves."""

    ELAPSED = "elapsed"
    """Runs up from ``start``."""
    REMAINING = "remaining"
    """Runs down to ``end``, then on as overrun."""
    TOOK = "took"
    """Stands still: it was measured."""
    NONE = "none"
    """There is nothing to measure; ``note`` says why."""


class ClockView(msgspec.Struct, frozen=True, kw_only=True):
    """One clock of a case; ``target_s`` is the tick at which it is late, in seconds."""

    key: str
    label: str
    kind: ClockKind
    start: datetime | None = None
    end: datetime | None = None
    target_s: int | None = None
    note: str = ""

    def seconds(self, now: datetime) -> float | None:
        """Seconds on the clock at ``now``; negative where a deadline has passed, None where nothing is measured."""
        if self.kind is ClockKind.REMAINING and self.end:
            return (self.end - now).total_seconds()
        if self.start is None or self.kind is ClockKind.NONE:
            return None
        return ((self.end or now) - self.start).total_seconds()

    def is_over(self, now: datetime) -> bool:
        """Say whether the clock is past its tick."""
        seconds = self.seconds(now)
        if seconds is None:
            return False
        if self.kind is ClockKind.REMAINING:
            return seconds < 0
        return self.target_s is not None and seconds > self.target_s


class MeasurementView(msgspec.Struct, frozen=True, kw_only=True):
    """A measured number with its unit and 95 % interval."""

    name: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None


class ModelView(msgspec.Struct, frozen=True, kw_only=True):
    """Which model spoke; shown on demand."""

    name: str
    version: str
    operating_point: str


class KeyImageView(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of the finding; ``version`` changes with the picture."""

    caption: str
    version: str


class PathwayCell(msgspec.Struct, frozen=True, kw_only=True):
    """One pathway of a case: outcome and finding are wire words, ``words`` is what the screen says."""

    pathway: str
    eligible: bool
    outcome: str | None
    finding: str | None
    words: str
    reason: str
    score: float | None = None
    late: bool = False
    decided_at: datetime | None = None
    deadline: datetime | None = None
    measurements: tuple[MeasurementView, ...] = ()
    key_image: KeyImageView | None = None
    model: ModelView | None = None


class PageCell(msgspec.Struct, frozen=True, kw_only=True):
    """One page: to whom, over what, where it stands, and when it got there."""

    page_id: str
    pathway: str
    recipient: str
    channel: str
    step: int
    state: str
    words: str
    at: datetime
    created_at: datetime
    accepted_at: datetime | None = None
    delivered_at: datetime | None = None
    possible_duplicate: bool = False
    why: str = ""
    """Why it failed, as a stable word."""


class AnswerView(msgspec.Struct, frozen=True, kw_only=True):
    """What one person answered, in words."""

    person: str
    words: str
    how: str
    at: datetime


class IncidentView(msgspec.Struct, frozen=True, kw_only=True):
    """The paging of one finding: ``words`` says where it stands, ``next_words`` what comes at ``next_step_at``."""

    pathway: str
    team: str
    finding: str
    state: str
    words: str
    alarm: bool
    opened_at: datetime
    next_step_at: datetime | None = None
    next_words: str = ""
    pages: tuple[PageCell, ...] = ()
    answers: tuple[AnswerView, ...] = ()


class AckView(msgspec.Struct, frozen=True, kw_only=True):
    """Who took an incident on, and how."""

    pathway: str
    by: str
    how: str
    at: datetime


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the board."""

    rank: int
    case_id: str
    reference: str
    site: str
    study: str
    priority: str
    tone: Tone
    state: str
    state_detail: str
    reason: str
    promoted: bool
    updated_at: datetime
    warnings: tuple[str, ...] = ()
    pathways: tuple[PathwayCell, ...] = ()
    clocks: tuple[ClockView, ...] = ()
    pages: tuple[PageCell, ...] = ()
    acknowledged: tuple[AckView, ...] = ()
    incidents: tuple[IncidentView, ...] = ()


class CounterView(msgspec.Struct, frozen=True, kw_only=True):
    """One number in the header; ``alarm`` where it asks for a look."""

    key: str
    label: str
    value: str
    alarm: bool = False


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """A notice of the ED desk; ``grave`` gives its shape and colour, ``word`` says the same."""

    notice_id: str
    kind: str
    grave: Tone
    word: str
    text: str
    raised_at: datetime
    reference: str = ""


class SilenceView(msgspec.Struct, frozen=True, kw_only=True):
    """A silence in force: what is not paged, why, by whom, and until when."""

    silence_id: str
    what: str
    reason: str
    set_by: str
    starts_at: datetime
    ends_at: datetime


class CalendarView(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar of the rota that is stale."""

    name: str
    fetched_at: datetime | None
    error: str = ""


class DeskView(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at the top of every screen, the gravest first; empty where there is nothing to know."""

    notices: tuple[NoticeView, ...] = ()
    silences: tuple[SilenceView, ...] = ()
    calendars: tuple[CalendarView, ...] = ()


class BoardView(msgspec.Struct, frozen=True, kw_only=True):
    """The whole board at one read of the store."""

    cases: tuple[CaseView, ...]
    counters: tuple[CounterView, ...]
    desk: DeskView = DeskView()
