"""The words of a call: what was found, on which case, how long ago, which keys answer. Never who.

Who calls it: ``alerting.core.planning`` for the script, the board's webhook for what a key is answered with. As in a
text every word comes from closed tables, from numbers, or from the case code; free text of a finding is never spoken.
A script ends with the page's mark (``alerting.core.wording``), which names the page to the channel and is not spoken.
"""

from __future__ import annotations

import re
from datetime import datetime

from alerting.core.keys import KeyOutcome
from alerting.core.wording import (
    DISCLAIMER,
    CaseFacts,
    diameter_mm,
    marker_of,
    minutes_waited,
    segment_word,
    side_word,
)
from schemas.findings import Finding, Urgency

_FINDINGS = {
    "lvo": "Large vessel occlusion suspected",
    "aaa": "Abdominal aortic aneurysm suspected",
    "pneumonia": "Pneumonia suspected",
}
_OTHER_FINDING = "Finding suspected"
_URGENCIES = {Urgency.EMERGENCY: "Emergency. ", Urgency.URGENT: "Urgent. "}
_KEYS = "Press 4 to take it, 5 to pass it on, 6 if you cannot take it, star to hear it again."
_ABBREVIATION = re.compile(r"[A-Z0-9-]+")
_MARK = re.compile(r"\s*#[2-9A-Z]{4}-[A-Z]{1,4}\d{1,2}\s*$")

ANSWERS = {
    KeyOutcome.TAKEN: "Thank you. The case is yours.",
    KeyOutcome.ALREADY_TAKEN: "Thank you. Somebody has taken the case already.",
    KeyOutcome.PASSED_ON: "Thank you. The case is passed on to the next person.",
    KeyOutcome.DECLINED: "Thank you. Somebody else will be asked.",
    KeyOutcome.REPEAT: "Once more.",
    KeyOutcome.NOT_UNDERSTOOD: "This key has no meaning here.",
    KeyOutcome.CLOSED: "The case is closed. Nothing more is needed.",
}
"""What is said to a key; a test walks every outcome."""
GOODBYE = "Good bye. The case is still open."


def voice_script(finding: Finding, case: CaseFacts, *, step: int, now: datetime, keys: bool) -> str:
    """Write what a call says, with the page's mark at its end.

    Args:
        finding: what was found; only its code, urgency, side, segment and diameter are used.
        case: code and clocks of the case.
        step: of the escalation, part of the mark.
        now: when it is said, aware UTC.
        keys: whether keys can be pressed; without (no public address) the answer is a text message.
    """
    sentences = [
        f"This is code stroke. {DISCLAIMER}",
        f"{_URGENCIES.get(finding.urgency, '')}{_found(finding)}.",
        f"Case {spelt(case.reference)}. {_age(case, now)}.",
        _KEYS if keys else f"To take it, answer by text message: 1 and the case code, {spelt(case.reference)}.",
    ]
    return f"{' '.join(sentences)} {marker_of(case.reference, finding.code, step)}"


def spoken(script: str) -> str:
    """The script without its mark: what is said."""
    return _MARK.sub("", script)


def spelt(word: str) -> str:
    """Letters and digits one by one, so that a synthetic voice does not read them as a word."""
    return ", ".join(character for character in word.upper() if character.isalnum())


def _found(finding: Finding) -> str:
    size = diameter_mm(finding)
    details = (side_word(finding), _spoken_segment(finding), f"{size:.0f} millimetres" if size else "")
    return ", ".join([_FINDINGS.get(finding.code, _OTHER_FINDING), *(text for text in details if text)])


def _spoken_segment(finding: Finding) -> str:
    word = segment_word(finding)
    return spelt(word).replace(",", "") if _ABBREVIATION.fullmatch(word) else word


def _age(case: CaseFacts, now: datetime) -> str:
    what, minutes = "scan" if case.acquired_at else "arrival", minutes_waited(case, now)
    if minutes is None:
        return f"More than 10 hours since the {what}"
    return f"{minutes} {'minute' if minutes == 1 else 'minutes'} since the {what}"
