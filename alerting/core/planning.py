"""Which message goes to whom over what: the pages of one step of an incident, and a second way for one that failed.

Who calls it: ``alerting.pager.escalation`` with rows of the store turned into the types below.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from alerting.core.contacts import ChannelName, Contact
from alerting.core.escalation import Wanted
from alerting.core.pages import PageState
from alerting.core.speech import voice_script
from alerting.core.wording import CaseFacts, page_text
from schemas.findings import Finding
from schemas.ids import event_id_of

# A text is read in a second and answered in one; a call wakes people; the last way depends on neither.
_PREFERRED = (ChannelName.SMS, ChannelName.VOICE, ChannelName.MESSAGE)


class MessageKind(enum.StrEnum):
    """What a row of the outbox is."""

    PAGE = "page"
    """About an incident, to a person of its team."""
    DESK = "desk"
    """An alarm, to the ED desk."""
    NOTICE = "notice"
    """The answer to somebody's answer."""
    TEST = "test"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFacts:
    """What planning needs of an incident; ``keys`` says whether a call's keys can reach us."""

    incident_id: str
    finding: Finding
    case: CaseFacts
    keys: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPage:
    """One message to one person over one channel at one step, due at ``due_at`` (aware UTC)."""

    page_id: str
    incident_id: str
    recipient: str
    channel: ChannelName
    step: int
    body: str
    nonce: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """A page of the newest step as it stands."""

    recipient: str
    channel: ChannelName
    state: PageState


def page_id_of(incident_id: str, *, recipient: str, channel: ChannelName, step: int) -> str:
    """The deterministic id of a page: planning the same step again names the same page."""
    return event_id_of(incident_id, "page", f"{recipient}/{channel}/{step}")


def attempt_nonce(secret: str, attempt_id: str) -> str:
    """The nonce of one attempt, from the page's secret: who knows one attempt's cannot make another's."""
    return hmac.new(secret.encode(), attempt_id.encode(), hashlib.sha256).hexdigest()[:32]


def plan_pages(
    incident: IncidentFacts,
    wanted: Sequence[Wanted],
    *,
    step: int,
    due_at: Callable[[Contact], datetime],
    now: datetime,
    new_nonce: Callable[[], str],
) -> tuple[PlannedPage, ...]:
    """Write the message of each wanted page."""
    return tuple(
        PlannedPage(
            page_id=page_id_of(incident.incident_id, recipient=each.contact.code, channel=each.channel, step=step),
            incident_id=incident.incident_id,
            recipient=each.contact.code,
            channel=each.channel,
            step=step,
            body=_body(incident, each.channel, step=step, now=now),
            nonce=new_nonce(),
            due_at=due_at(each.contact),
        )
        for each in wanted
    )


def second_ways(
    sent: Sequence[Sent], people: Sequence[Contact], *, blocked: Set[tuple[str, ChannelName]]
) -> tuple[tuple[Wanted, ...], bool]:
    """For people whom no page of the newest step can reach: another channel.

    Args:
        sent: the pages of the newest step.
        people: those of them who are still wanted: they neither took it nor declined.
        blocked: person and channel pairs that cannot be used.

    Returns:
        The pages to add, and whether after that nobody of the step can be reached: then the next step is due.
    """
    added, reached = [], False
    for person in people:
        mine = [page for page in sent if page.recipient == person.code]
        if any(page.state is not PageState.FAILED for page in mine):
            reached = True
            continue
        free = person.channels - {page.channel for page in mine}
        way = next((each for each in _PREFERRED if each in free and (person.code, each) not in blocked), None)
        added += [Wanted(person, way)] if way is not None and mine else []
    return tuple(added), not reached and not added


def _body(incident: IncidentFacts, channel: ChannelName, *, step: int, now: datetime) -> str:
    if channel is ChannelName.VOICE:
        return voice_script(incident.finding, incident.case, step=step, now=now, keys=incident.keys)
    return page_text(incident.finding, incident.case, step=step, now=now)
