"""How the incidents of a scene climbed, as the demo's document shows it. Pure: account in, rows out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from codestroke.demo.account import CaseAccount, IncidentAccount, PageAccount


def incident_row(incident: IncidentAccount, case: CaseAccount) -> dict[str, Any]:
    """One incident with its steps; seconds count from its opening."""
    numbers = sorted({page.step for page in incident.pages})
    return {
        "reference": case.reference,
        "pathway": incident.pathway,
        "team": incident.team,
        "steps": [_step(incident, number) for number in numbers],
        "ended": incident.state,
        "ended_s": _since(incident.opened_at, incident.ended_at),
        "by": incident.acknowledged_by,
        "how": incident.acknowledged_how,
    }


def _step(incident: IncidentAccount, number: int) -> dict[str, Any]:
    pages = [page for page in incident.pages if page.step == number]
    return {
        "step": number,
        "taken_s": _since(incident.opened_at, min(page.created_at for page in pages)),
        "pages": [_page(incident, page) for page in pages],
    }


def _page(incident: IncidentAccount, page: PageAccount) -> dict[str, Any]:
    return {
        "recipient": page.recipient,
        "channel": page.channel,
        "state": page.state,
        "accepted_s": _since(incident.opened_at, page.accepted_at),
        "possible_duplicate": page.possible_duplicate,
    }


def _since(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else round((end - start).total_seconds(), 3)
