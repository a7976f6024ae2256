"""Every word the board says, in one place, so that another language is another table.

Called by ``board.view`` and the templates. Decides no state; it only names what others decided.
"""

from __future__ import annotations

import enum

from schemas.findings import Finding, FindingState, OutcomeKind
from schemas.ledger import Stage
from schemas.priorities import Priority

NOT_KNOWN = "Not known"
RESEARCH = "Research software, not a medical device"
DEMO = "DEMO - synthetic patients"
REVIEW = "AI suggestion, needs professional review"
NO_FLAG = "No flag is not a normal report"


class Tone(enum.StrEnum):
    """How grave a row looks: each has its own colour, its own shape and its own word."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    NOTICE = "notice"
    ATTENTION = "attention"
    UNSURE = "unsure"
    WORKING = "working"
    QUIET = "quiet"
    OUTSIDE = "outside"
    """No pathway applies: no model looked, so it must not look like a case without a flag."""


TONE = {
    Tone.EMERGENCY: "Emergency",
    Tone.URGENT: "Urgent",
    Tone.NOTICE: "Notice",
    Tone.ATTENTION: "Look here",
    Tone.UNSURE: "Unclear",
    Tone.WORKING: "Working",
    Tone.QUIET: "No flag",
    Tone.OUTSIDE: "No AI read",
}

PRIORITY = {Priority.STAT: "STAT", Priority.HIGH: "High", Priority.ROUTINE: "Routine"}

CHANNEL = {"sms": "SMS", "voice": "Phone call"}

PAGE_STATE = {
    "pending": "waiting to be sent",
    "sending": "being sent, or in doubt",
    "accepted": "accepted by the carrier",
    "delivered": "delivered",
    "failed": "FAILED",
    "cancelled": "cancelled",
}

PAGE_EVENT = {
    "claimed": "taken up for sending",
    "put_off": "carrier busy, put off",
    "in_doubt": "no clear answer from the carrier, to be looked up",
    "rejected": "refused by the carrier",
    "not_found": "not in the carrier's list, sent again",
    "lookup_failed": "carrier's list could not be read",
    "lookup_exhausted": "carrier's list could not be read in time, sent again and flagged",
    "undelivered": "not delivered",
    "no_longer_needed": "no longer needed",
    "already_acknowledged": "answered too, after the first",
}
TOLD_BY_COLUMNS = frozenset({"accepted", "delivered", "acknowledged"})
"""Page events that the rows of pages and incidents tell already."""

STAGE = {
    Stage.READY: "Study complete",
    Stage.TRANSIT: "In transit",
    Stage.ROUTE: "Routed",
    Stage.GATE: "Waited for a free slot",
    Stage.FETCH: "Fetched",
    Stage.DECODE: "Decoded",
    Stage.PREPROCESS: "Prepared",
    Stage.INFER: "Model",
    Stage.READ: "Read out",
    Stage.DECIDE: "Decided",
    Stage.PAGE_COMMIT: "Page written",
    Stage.PAGE_ACCEPT: "Page accepted",
    Stage.UNKNOWN: "Other",
}

_FINDING_STATE = {
    FindingState.DETECTED: "suspected",
    FindingState.NOT_DETECTED: "not detected",
    FindingState.INDETERMINATE: "indeterminate",
}

_ACRONYM = 4


def sentence(text: str) -> str:
    """The text with a capital first letter; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def finding_name(code: str) -> str:
    """How a finding is called: short codes are acronyms."""
    return code.upper() if len(code) <= _ACRONYM else sentence(code)


def finding_words(finding: Finding) -> str:
    """A finding in words, without a number that could be mistaken for a certainty."""
    words = f"{finding_name(finding.code)} {_FINDING_STATE.get(finding.state, 'answer not understood')}"
    place = " ".join(part for part in (finding.location.side.value, finding.location.segment) if part)
    return f"{words}, {place}" if place else words


def outcome_words(kind: OutcomeKind, reason: str) -> str:
    """An outcome without a finding, in words; never reads like a negative."""
    if kind is OutcomeKind.NOT_APPLICABLE:
        return f"does not apply: {reason}" if reason else "does not apply"
    return f"not analysed: {reason}" if reason else "not analysed"
