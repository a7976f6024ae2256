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

CHANNEL = {"sms": "SMS", "voice": "Phone call", "message": "Message"}
HOW = {"sms": "by SMS", "voice": "by phone key", "message": "by message", "board": "on the board"}
ANSWER = {"acknowledge": "takes it", "escalate": "asked for the next step", "decline": "cannot take it"}
"""What a person answered; the words of ``alerting.core.replies``."""

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
    "second_message": "the carrier has a second message of this page",
    "key": "key pressed in the call",
    "incident.step_due": "step taken, pages written",
    "incident.steps_over": "NOBODY ANSWERED: the ED desk was alarmed",
    "incident.partly_acknowledged": "taken, a person of another role is still needed",
    "incident.acknowledged": "taken",
    "incident.declined": "declined, others were asked",
    "incident.asked_all_declined": "everybody asked so far declined, next step at once",
    "incident.all_declined": "EVERYBODY DECLINED: the ED desk was alarmed",
    "incident.escalated": "next step asked for",
    "incident.withdrawn": "given back, next step at once",
    "incident.noted": "an answer that changed nothing",
    "incident.unreachable": "no page of the step can arrive, next step at once",
    "incident.muted": "not paged by itself: a graver finding is paged",
    "incident.silenced": "NOT PAGED: silenced",
}
TOLD_BY_COLUMNS = frozenset({"accepted", "delivered", "acknowledged", "incident.acknowledged"})
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


NOBODY_PAGED = "NOBODY COULD BE PAGED: call the {team} team by phone"
INCIDENT = {
    "declined": "EVERYBODY DECLINED: call the {team} team by phone",
    "exhausted": "NOBODY ANSWERED: call the {team} team by phone",
    "muted": "not paged by itself: a graver finding of the case is paged",
    "silenced": "NOT PAGED: {team} is silenced",
}
"""How the paging of a finding ended without anybody who takes it."""


INCOMPLETE = "Please choose who answers and what."
PIN_WRONG = "The PIN is wrong. Nothing was changed."
PIN_LOCKED = "Too many wrong PINs. Nothing was changed; try again in {seconds} s, or answer by phone."
NOT_OF_TEAM = "This person is not of the team and was not paged for the case. Nothing was changed."
NOT_WRITTEN = "The answer could not be written down; answer by phone, or try again."
REFUSED = {
    "unknown_case": "There is no incident of a case with this code.",
    "unknown_notice": "This notice does not stand any more: somebody has seen it, or what it was about is over.",
    "other_origin": "The form was not sent from the board's own page.",
    "too_large": "The form is too large.",
    "not_a_form": "This is not a form of the board.",
}
REFUSED_OTHERWISE = "The form was refused."
SAID = {
    "acknowledged": "Written down: the case is taken.",
    "partly_acknowledged": "Written down: taken; a person of another role is still being paged.",
    "already_acknowledged": "Somebody had taken the case before; this answer is written down too.",
    "escalated": "Written down: the next step follows at once.",
    "declined": "Written down: somebody else is asked.",
    "given_back": "Written down: given back, somebody else is asked.",
    "over": "The case is not being paged any more; the answer is written down.",
    "repeated": "This form was sent before; it counts once.",
    "seen": "Written down: the notice was seen.",
}
"""What became of a form; a word that is not here says nothing."""


def how(channel: str) -> str:
    """By what an answer came."""
    return HOW.get(channel, f"by {channel}")


def why(reason: str) -> str:
    """A stable word of a reason as people read it."""
    return reason.replace("_", " ")


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
