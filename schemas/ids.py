"""Identifiers: parsed once at the edge, never raw text inside.

``case_id`` is the only identifier that leaves the gateway, the store and the PACS links: a keyed hash of the
StudyInstanceUID, so that nobody without the site key can look a known UID up.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
from typing import NewType

from schemas.errors import MalformedEvent

CaseId = NewType("CaseId", str)
StudyUid = NewType("StudyUid", str)
SeriesUid = NewType("SeriesUid", str)
InstanceUid = NewType("InstanceUid", str)
PatientKey = NewType("PatientKey", str)

# PS3.5 section 9.1: at most 64 characters, components of digits divided by full stops. Real systems emit
# leading zeros, which the standard forbids; they are accepted because refusing them loses a patient's study.
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_UID_MAX = 64
_CASE = re.compile(r"c[a-z2-7]{16}")
_NAMESPACE = uuid.UUID("6f0d6a0e-8f0c-5a53-9a3e-2b1f6b0b7b11")


def is_uid(text: str) -> bool:
    """Say whether ``text`` is a DICOM UID (PS3.5 section 9.1)."""
    return len(text) <= _UID_MAX and _UID.fullmatch(text) is not None


def study_uid(text: str) -> StudyUid:
    """Parse a StudyInstanceUID.

    Raises:
        MalformedEvent: the text is not a UID.
    """
    if not is_uid(text):
        raise MalformedEvent("StudyInstanceUID is not a DICOM UID (PS3.5 9.1)", reason="bad_uid")
    return StudyUid(text)


def case_id_of(site_key: bytes, uid: StudyUid) -> CaseId:
    """Derive the case id: ``c`` and 80 bits of HMAC-SHA256(site key, StudyInstanceUID) in base 32."""
    digest = hmac.new(site_key, uid.encode("ascii"), hashlib.sha256).digest()[:10]
    return CaseId("c" + base64.b32encode(digest).decode("ascii").lower())


def patient_key_of(site_key: bytes, patient_id: str, issuer: str = "") -> PatientKey:
    """Derive the keyed pseudonym under which earlier measurements of one patient are found."""
    material = f"patient\x00{issuer}\x00{patient_id}".encode()
    return PatientKey("p" + hmac.new(site_key, material, hashlib.sha256).hexdigest()[:32])


def parse_case_id(text: str) -> CaseId:
    """Parse a case id.

    Raises:
        MalformedEvent: the text is not one of our case ids.
    """
    if _CASE.fullmatch(text) is None:
        raise MalformedEvent("case_id is not of the form c + 16 base-32 characters", reason="bad_case_id")
    return CaseId(text)


def event_id_of(case_id: str, kind: str, content: str) -> str:
    """Name an event by what it says, so that a repeated event has the same id.

    Args:
        case_id: the case, or another aggregate where an event is not of one case.
        kind: topic of the event.
        content: what distinguishes this event from others of its kind and case.
    """
    return str(uuid.uuid5(_NAMESPACE, f"{case_id}\x00{kind}\x00{content}"))


# The short reference in a page: what a person reads aloud and types back. No vowels (no words), no look-alikes.
_REF_ALPHABET = "23456789CFGHJKMPQRTVWX"
_REF_LENGTH = 4


def case_reference(case_id: CaseId, salt: int = 0) -> str:
    """Derive the short human case code; ``salt`` moves to the next one when two open cases collide."""
    number = int.from_bytes(hashlib.sha256(f"{case_id}/{salt}".encode()).digest()[:8], "big")
    letters = []
    for _ in range(_REF_LENGTH):
        number, index = divmod(number, len(_REF_ALPHABET))
        letters.append(_REF_ALPHABET[index])
    return "".join(letters)
