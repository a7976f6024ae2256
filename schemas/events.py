"""Bodies of the events on Kafka. Field names are the wire names; JSON, UTF-8.

Within a major version only additions are made: unknown fields are ignored, every later field has a default.
No body carries a name, patient id, birth date or accession number; after ``StudyArrived`` only
``case_id`` names a study.
"""

from __future__ import annotations

import msgspec

from schemas.findings import Outcome
from schemas.ledger import Instant, Ledger
from schemas.priorities import Lane, Priority


class SeriesSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway knows of a series: enough to choose, nothing that identifies."""

    series_uid: str
    modality: str
    instances: int
    description: str = ""
    body_part: str = ""
    image_type: tuple[str, ...] = ()
    contrast_agent: bool = False
    slice_thickness_mm: float | None = None
    view_position: str = ""
    sop_class_uid: str = ""
    transfer_syntax_uid: str = ""


class Clocks(msgspec.Struct, frozen=True, kw_only=True):
    """Both clocks of a case: since acquisition and since arrival (aware UTC)."""

    last_instance_at: Instant
    """The last needed instance was durable at the gateway: the start of T_arr."""
    ready_at: Instant
    """The study was judged complete."""
    acquired_at: Instant | None = None
    """Acquisition of the last slice by the modality's clock, where it says so: the start of T_acq."""


class StudyArrived(msgspec.Struct, frozen=True, kw_only=True):
    """A study is complete at an image source. Key: StudyInstanceUID."""

    site: str
    source: str
    """Alias of the image source; never a URL."""
    study_uid: str
    patient_key: str
    """Keyed pseudonym of the patient."""
    modality: str
    body_part: str
    description: str
    priority: Priority
    series: tuple[SeriesSummary, ...]
    clocks: Clocks
    readiness: str
    """Which rule judged the study complete."""
    revision: int = 1
    """Counts up when late instances amend the study."""
    problems: tuple[str, ...] = ()
    """Instances refused or unreadable, as reasons fit for the board."""
    patient_sex: str = ""
    patient_age_years: float | None = None


class CaseRequested(msgspec.Struct, frozen=True, kw_only=True):
    """A pathway must give an outcome for the case before ``deadline``. Key: case_id.

    The study itself (UIDs, image source, series) stands in the case register under ``case_id``.
    """

    case_id: str
    pathway: str
    lane: Lane
    revision: int
    arrived_at: Instant
    deadline: Instant
    ledger: Ledger = ()


class CaseOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a case ended on a pathway. Key: case_id."""

    case_id: str
    pathway: str
    revision: int
    outcome: Outcome
    arrived_at: Instant
    deadline: Instant
    ledger: Ledger = ()
    series_reason: str = ""
    """Why this series was chosen, without its UID."""


class WorklistChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the worklist changed. Key: site."""

    site: str
    case_id: str
    rank_reason: str
    priority: Priority
    state: str
    changed_at: Instant


class PageChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A page changed its state. Key: case_id. ``recipient`` is a role or person code, never a phone number."""

    case_id: str
    incident_id: str
    page_id: str
    channel: str
    step: int
    recipient: str
    state: str
    changed_at: Instant
    detail: str = ""


class FeedbackGiven(msgspec.Struct, frozen=True, kw_only=True):
    """A reader agreed, disagreed or amended. Key: case_id."""

    case_id: str
    pathway: str
    verdict: str
    given_at: Instant
    by_role: str = ""


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's proof that its own consumer still consumes. Key: worker."""

    role: str
    worker: str
    sequence: int
    sent_at: Instant
