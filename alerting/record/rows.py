"""One row for every communication about an incident: what, found when, who told, who received, when, how.

Who calls it: ``codestroke incidents``. These are the six fields that the ACR's practice parameter asks of the record of
a critical result; the rest says what became of it. Nothing here names a patient: a case is its code, a patient the
site's keyed pseudonym. A carrier's receipt is not a person: a call counts as received only when a key was pressed.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from alerting.core.contacts import ChannelName
from alerting.core.incidents import IncidentState
from alerting.core.pages import PageState
from alerting.core.wording import diameter_mm, segment_word, side_word
from schemas.findings import Finding, Urgency
from store.incidents import Answer, Incident
from store.outbox import PageTimes

BOARD = "board"
NOT_CONFIRMED = "not_confirmed"
"""It left, the paging is over, and nothing says that it arrived."""


class ToldStatus(enum.StrEnum):
    """What became of a communication; the words are those of FHIR's event status."""

    COMPLETED = "completed"
    IN_PROGRESS = "in-progress"
    NOT_DONE = "not-done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One communication; every instant is aware UTC, None where it has not happened.

    Attributes:
        told_id: of the page, or made from the answer for one that was given on the board.
        finding: what was communicated, in words of the closed vocabulary.
        found_at: when the finding was identified.
        told_by: who communicated it.
        received_by: person code of the one it was for.
        told_at: when it left: accepted by the carrier, or written down on the board.
        how: channel, or ``board``.
        received_at: when it arrived: the carrier's receipt of a text, or the person's answer.
        reason: why it is not done.
        text: what was sent.
    """

    told_id: str
    incident_id: str
    reference: str
    patient: str
    pathway: str
    team: str
    urgency: Urgency
    finding: str
    found_at: datetime
    told_by: str
    received_by: str
    told_at: datetime | None
    how: str
    step: int | None
    status: ToldStatus
    received_at: datetime | None = None
    answer: str = ""
    answered_at: datetime | None = None
    reason: str = ""
    possible_duplicate: bool = False
    text: str = ""


class _About(TypedDict):
    incident_id: str
    reference: str
    patient: str
    pathway: str
    team: str
    urgency: Urgency
    finding: str
    found_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that is known of the communication about one incident."""

    incident: Incident
    patient: str
    pages: Sequence[PageTimes]
    answers: Sequence[Answer]


def rows_of(account: Account) -> tuple[Told, ...]:
    """The communications about an incident, oldest first."""
    given = _answers_by_page(account)
    matched = {id(answer) for answer in given.values()}
    loose = [answer for answer in account.answers if answer.how == BOARD and id(answer) not in matched]
    rows = [(page.created_at, _page_row(account, page, given.get(page.page_id))) for page in account.pages]
    rows += [(answer.at, _board_row(account, answer)) for answer in loose]
    return tuple(row for _, row in sorted(rows, key=lambda each: (each[0], each[1].told_id)))


def finding_words(finding: Finding) -> str:
    """A finding in words of the closed vocabulary; free text of a model is never used."""
    place = " ".join(word for word in (side_word(finding), segment_word(finding)) if word)
    size = diameter_mm(finding)
    parts = (f"{finding.code} {finding.state}", place, f"{size:.0f} mm" if size else "")
    return ", ".join(part for part in parts if part)


def _answers_by_page(account: Account) -> dict[str, Answer]:
    """Each answer belongs to the newest page that this person had got the same way; of several the last counts."""
    given: dict[str, Answer] = {}
    for answer in account.answers:
        asked = [page for page in account.pages if _asked(page, answer)]
        if asked:
            given[max(asked, key=lambda page: page.created_at).page_id] = answer
    return given


def _asked(page: PageTimes, answer: Answer) -> bool:
    return page.recipient == answer.person and page.channel == answer.how and page.created_at <= answer.at


def _page_row(account: Account, page: PageTimes, answer: Answer | None) -> Told:
    received_at = _received_at(page, answer)
    status, reason = _status(page, received=received_at is not None, over=account.incident.state != IncidentState.OPEN)
    return Told(
        told_id=page.page_id,
        **_about(account.incident, account.patient),
        told_by=f"codestroke at {account.incident.site}",
        received_by=page.recipient,
        told_at=page.accepted_at or page.sent_at,
        how=page.channel,
        step=page.step,
        status=status,
        received_at=received_at,
        answer=answer.kind if answer else "",
        answered_at=answer.at if answer else None,
        reason=reason,
        possible_duplicate=page.possible_duplicate,
        text=page.body,
    )


def _board_row(account: Account, answer: Answer) -> Told:
    """Somebody told this person and wrote the answer down on the board."""
    return Told(
        told_id=f"{account.incident.incident_id}.{answer.person}.{int(answer.at.timestamp() * 1000)}",
        **_about(account.incident, account.patient),
        told_by=f"ED desk of {account.incident.site}",
        received_by=answer.person,
        told_at=answer.at,
        how=BOARD,
        step=None,
        status=ToldStatus.COMPLETED,
        received_at=answer.at,
        answer=answer.kind,
        answered_at=answer.at,
    )


def _about(incident: Incident, patient: str) -> _About:
    return _About(
        incident_id=incident.incident_id,
        reference=incident.reference,
        patient=patient,
        pathway=incident.pathway,
        team=incident.team,
        urgency=incident.urgency,
        finding=finding_words(incident.finding),
        found_at=incident.opened_at,
    )


def _received_at(page: PageTimes, answer: Answer | None) -> datetime | None:
    if answer is not None and (page.channel == ChannelName.VOICE or page.delivered_at is None):
        return answer.at
    return None if page.channel == ChannelName.VOICE else page.delivered_at


def _status(page: PageTimes, *, received: bool, over: bool) -> tuple[ToldStatus, str]:
    if received:
        return ToldStatus.COMPLETED, ""
    if page.state in {PageState.FAILED, PageState.CANCELLED}:
        return ToldStatus.NOT_DONE, page.last_error or page.state
    return (ToldStatus.NOT_DONE, NOT_CONFIRMED) if over else (ToldStatus.IN_PROGRESS, "")


def in_order(accounts: Iterable[Account]) -> tuple[Told, ...]:
    """The communications of several incidents, incident by incident."""
    return tuple(row for account in accounts for row in rows_of(account))
