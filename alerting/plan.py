"""From an incident of the store to the page intents that the decision's transaction writes.

Who calls it: the decider, in the transaction that opened the incident. It decides nothing itself: the pure planning
is ``alerting.core.planning``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime

from alerting.core.contacts import Roster
from alerting.core.planning import IncidentFacts, PlannedPage, plan_step
from alerting.core.wording import CaseFacts
from store.incidents import Incident
from store.outbox import PageIntent


def new_nonce() -> str:
    """A secret of one page, part of its callback addresses."""
    return secrets.token_urlsafe(18)


def plan_pages(
    incident: Incident,
    roster: Roster,
    *,
    case: CaseFacts,
    now: datetime,
    nonces: Callable[[], str] = new_nonce,
) -> tuple[PageIntent, ...]:
    """Plan step 0: a text message to whoever of the incident's team is on call at ``now``.

    An empty tuple means that nobody is on call: the caller must make that visible.
    """
    facts = IncidentFacts(incident_id=incident.incident_id, finding=incident.finding, case=case)
    tiers = roster.tiers(incident.team, now)
    contacts = tiers[0] if tiers else ()
    return tuple(_intent(page) for page in plan_step(facts, contacts, step=0, now=now, new_nonce=nonces))


def _intent(page: PlannedPage) -> PageIntent:
    return PageIntent(
        page_id=page.page_id,
        incident_id=page.incident_id,
        recipient=page.recipient,
        channel=page.channel,
        step=page.step,
        body=page.body,
        nonce=page.nonce,
        due_at=page.due_at,
    )
