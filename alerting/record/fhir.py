"""The record as FHIR R4B: one Communication for each row, in a Bundle of type collection.

Called by ``codestroke incidents export``. The resources are built and checked by fhir.resources. The patient stands
there as a logical reference to the site's keyed pseudonym alone, a person by the rota's code.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.communication import Communication

from alerting.core.contacts import ChannelName
from alerting.record.rows import Told
from alerting.record.table import NOTICE
from schemas.findings import Urgency

PATIENT_KEYS = "urn:codestroke:patient-key"
PEOPLE = "urn:codestroke:person"
CASES = "urn:codestroke:case"
_COMMUNICATIONS = "urn:codestroke:communication"
_INCIDENTS = "urn:codestroke:incident"
# HL7 v3 ParticipationMode; it has no code of its own for a text message in R4B, so the text says it.
_MODES = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"
_MEDIUM = {
    ChannelName.SMS: ("WRITTEN", "SMS"),
    ChannelName.VOICE: ("PHONE", "Phone call"),
    ChannelName.MESSAGE: ("ELECTRONIC", "Message"),
}
_CATEGORIES = "http://terminology.hl7.org/CodeSystem/communication-category"
_PRIORITY = {Urgency.EMERGENCY: "stat", Urgency.URGENT: "urgent"}
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, _COMMUNICATIONS)


def bundle_of(rows: Iterable[Told], *, now: datetime) -> Bundle:
    """All communications of ``rows``, made at ``now`` (aware)."""
    entries = [
        {"fullUrl": f"urn:uuid:{_uuid(row)}", "resource": communication_of(row).model_dump(mode="json")} for row in rows
    ]
    # FHIR has no empty list: an element without values is left out.
    body: dict[str, Any] = {"type": "collection", "timestamp": now.isoformat(), "entry": entries or None}
    return Bundle(**{name: value for name, value in body.items() if value is not None})


def communication_of(row: Told) -> Communication:
    """One communication."""
    facts: dict[str, Any] = {
        "id": str(_uuid(row)),
        "identifier": [_identifier(_COMMUNICATIONS, row.told_id), _identifier(_INCIDENTS, row.incident_id)],
        "status": str(row.status),
        "statusReason": {"text": row.reason} if row.reason else None,
        "category": [{"coding": [{"system": _CATEGORIES, "code": "alert"}]}],
        "priority": _PRIORITY.get(row.urgency, "routine"),
        "medium": [_medium(row.how)],
        "subject": {"type": "Patient", "identifier": _identifier(PATIENT_KEYS, row.patient)},
        "about": [{"type": "ImagingStudy", "identifier": _identifier(CASES, row.reference)}],
        "reasonCode": [{"text": row.finding}],
        "sent": _at(row.told_at),
        "received": _at(row.received_at),
        "recipient": [_person(row.received_by, row.team)],
        "sender": {"type": "Device" if row.step is not None else "Organization", "display": row.told_by},
        "payload": [{"contentString": row.text}] if row.text else None,
        "note": _notes(row),
    }
    return Communication(**{name: value for name, value in facts.items() if value is not None})


def _notes(row: Told) -> list[dict[str, Any]]:
    notes = [{"time": _at(row.found_at), "text": f"Finding: {row.finding}. {NOTICE}."}]
    if row.answered_at is not None:
        notes.append({"time": _at(row.answered_at), "text": f"Answer of {row.received_by}: {row.answer} ({row.how})."})
    if row.possible_duplicate:
        notes.append({"time": _at(row.told_at or row.found_at), "text": "This message may have been sent twice."})
    return notes


def _medium(how: str) -> dict[str, Any]:
    code, text = next((each for name, each in _MEDIUM.items() if name == how), ("", "Written down on the ED board"))
    return {"coding": [{"system": _MODES, "code": code}], "text": text} if code else {"text": text}


def _person(code: str, team: str) -> dict[str, Any]:
    return {"type": "PractitionerRole", "identifier": _identifier(PEOPLE, code), "display": f"{code}, {team} team"}


def _identifier(system: str, value: str) -> dict[str, str]:
    return {"system": system, "value": value}


def _at(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _uuid(row: Told) -> uuid.UUID:
    """A resource id that is the same at every export."""
    return uuid.uuid5(_NAMESPACE, row.told_id)
