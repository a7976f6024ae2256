"""Whom to page, over what, with which words, when: step 0 of an incident.

Who calls it: ``alerting.plan`` with rows of the store turned into the types below. The escalation policy (further
steps, voice) extends ``plan_step``'s callers, not this function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerting.core.contacts import ChannelName, Contact
from alerting.core.wording import CaseFacts, page_text
from schemas.findings import Finding
from schemas.ids import event_id_of


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFacts:
    """What planning needs of an incident."""

    incident_id: str
    finding: Finding
    case: CaseFacts


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


def page_id_of(incident_id: str, *, recipient: str, channel: ChannelName, step: int) -> str:
    """The deterministic id of a page: planning the same step again names the same page."""
    return event_id_of(incident_id, "page", f"{recipient}/{channel}/{step}")


def plan_step(
    incident: IncidentFacts,
    contacts: Sequence[Contact],
    *,
    step: int,
    now: datetime,
    new_nonce: Callable[[], str],
) -> tuple[PlannedPage, ...]:
    """Plan one text message for each contact; a number that two of them share is paged once."""
    body = page_text(incident.finding, incident.case, step=step, now=now)
    by_number = {contact.number: contact for contact in reversed(contacts)}
    chosen = [contact for contact in contacts if by_number[contact.number] is contact]
    return tuple(
        PlannedPage(
            page_id=page_id_of(incident.incident_id, recipient=contact.code, channel=ChannelName.SMS, step=step),
            incident_id=incident.incident_id,
            recipient=contact.code,
            channel=ChannelName.SMS,
            step=step,
            body=body,
            nonce=new_nonce(),
            due_at=now,
        )
        for contact in chosen
    )
