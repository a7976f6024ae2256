"""What the board reads from the store, as plain values. Made by ``board.queries``, folded by ``board.view``.

No row holds a name, a patient id or an accession number: a case is its reference code.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas.findings import Outcome
from schemas.ledger import Ledger
from schemas.priorities import Priority
from store.incidents import Answer
from store.silences import Silence
from streams.core.ranking import RankInput


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """How a case ended on a pathway."""

    outcome: Outcome
    revision: int
    late: bool
    decided_at: datetime
    ledger: Ledger
    series_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyImageRow:
    """The key image of an outcome, without its pixels."""

    caption: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PathwayRow:
    """One pathway of a case; ``outcome`` is None while it is under way."""

    pathway: str
    eligible: bool
    reason: str
    revision: int
    requested_at: datetime
    deadline: datetime
    outcome: OutcomeRow | None = None
    key_image: KeyImageRow | None = None
    """Of the same revision as the outcome."""

    @property
    def is_amended(self) -> bool:
        """Late images are being analysed; the outcome shown is that of the earlier ones."""
        return self.outcome is not None and self.outcome.revision < self.revision

    @property
    def is_pending(self) -> bool:
        """An outcome is still owed."""
        return self.eligible and (self.outcome is None or self.is_amended)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """One message to one person; ``recipient`` is a code of the rota, never a number."""

    page_id: str
    incident_id: str
    recipient: str
    channel: str
    step: int
    state: str
    created_at: datetime
    sent_at: datetime | None = None
    accepted_at: datetime | None = None
    delivered_at: datetime | None = None
    tries: int = 0
    possible_duplicate: bool = False
    last_error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What comes next of an open incident: step ``number`` of ``of`` (from 1); ``alarm`` where only that is left.

    ``tier`` is None where everybody is asked.
    """

    number: int
    of: int
    tier: int | None = None
    channels: tuple[str, ...] = ()
    alarm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """The alert-worthy finding of a case on a pathway, with its pages and answers in order of creation."""

    incident_id: str
    pathway: str
    code: str
    team: str
    opened_at: datetime
    state: str = "open"
    step: int = 0
    next_step_at: datetime | None = None
    ended_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    acknowledged_how: str = ""
    pages: tuple[PageRow, ...] = ()
    answers: tuple[Answer, ...] = ()
    next_step: NextStep | None = None
    """Where the policy of the team is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One open case with everything known of it; ``ranking`` is what the order is computed from."""

    case_id: str
    reference: str
    site: str
    modality: str
    body_part: str
    priority: Priority
    revision: int
    readiness: str
    acquired_at: datetime | None
    arrived_at: datetime
    ready_at: datetime
    registered_at: datetime
    changed_at: datetime
    ranking: RankInput
    pathways: tuple[PathwayRow, ...] = ()
    incidents: tuple[IncidentRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TodayCounts:
    """Counts since local midnight ``since``, over cases that are closed too."""

    since: datetime
    flagged: int = 0
    not_flagged: int = 0
    indeterminate: int = 0
    not_analysed: int = 0
    late: int = 0
    overdue: int = 0
    pages_failed: int = 0

    @property
    def ended(self) -> int:
        """Eligible analyses that ended, whatever way."""
        return self.flagged + self.not_flagged + self.indeterminate + self.not_analysed


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """What the ED desk must know; ``reference`` names the case, empty where it is about none."""

    notice_id: str
    kind: str
    text: str
    raised_at: datetime
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRow:
    """A calendar of the rota; ``fetched_at`` is when its source last confirmed it, None where there is no copy."""

    name: str
    fetched_at: datetime | None
    stale: bool
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRows:
    """What stands at the top of every screen."""

    notices: tuple[NoticeRow, ...] = ()
    silences: tuple[Silence, ...] = ()
    calendars: tuple[CalendarRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRows:
    """One consistent read of the store."""

    cases: tuple[CaseRow, ...]
    today: TodayCounts
    desk: DeskRows = DeskRows()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEventRow:
    """Something that happened to a page or an incident; ``kind`` is a stable word, ``step`` counts from 0."""

    kind: str
    at: datetime
    page_id: str | None = None
    step: int | None = None
    why: str = ""
