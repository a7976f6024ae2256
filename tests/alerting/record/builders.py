"""Builders of accounts, so that each test says only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from alerting.record.rows import Account
from schemas.findings import Finding, FindingState, Location, Side, Urgency
from schemas.ids import CaseId
from store.incidents import Answer, Incident
from store.outbox import PageTimes

OPENED = datetime(2026, 11, 24, 14, 10, tzinfo=UTC)
LVO = Finding(
    code="lvo",
    state=FindingState.DETECTED,
    urgency=Urgency.EMERGENCY,
    location=Location(side=Side.LEFT, segment="M1"),
    reason="free text of a model: DOE^JANE",
)


def after(seconds: float) -> datetime:
    return OPENED + timedelta(seconds=seconds)


def page(name: str = "page-1", **more: Any) -> PageTimes:
    known: dict[str, Any] = {
        "page_id": name,
        "kind": "page",
        "incident_id": "incident-1",
        "case_id": "case-1",
        "recipient": "neuro-1",
        "channel": "sms",
        "step": 0,
        "body": "CODESTROKE EMERGENCY: LVO suspected.",
        "state": "delivered",
        "possible_duplicate": False,
        "tries": 1,
        "last_error": "",
        "created_at": after(0),
        "sent_at": after(0.1),
        "accepted_at": after(1),
        "delivered_at": after(3),
        "acknowledged_at": None,
    }
    return PageTimes(**{**known, **more})


def call(name: str = "call-1", **more: Any) -> PageTimes:
    return page(name, **{"channel": "voice", "step": 1, "created_at": after(60), **more})


def answer(kind: str = "acknowledge", *, how: str = "sms", at_s: float = 20, person: str = "neuro-1") -> Answer:
    return Answer(person=person, kind=kind, how=how, at=after(at_s))


def account(*pages: PageTimes, answers: tuple[Answer, ...] = (), state: str = "open", site: str = "North") -> Account:
    incident = Incident(
        incident_id="incident-1",
        case_id=CaseId("case-1"),
        reference="K7FQ",
        pathway="stroke",
        code="lvo",
        urgency=Urgency.EMERGENCY,
        team="stroke",
        state=state,
        finding=LVO,
        opened_at=OPENED,
        site=site,
    )
    return Account(incident=incident, patient="p-key", pages=pages, answers=answers)
