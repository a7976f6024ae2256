"""Which finding of a case mutes which: a graver one is paged, a lesser one stays on the list.

Who calls it: ``alerting.pager.escalation``, before the first step of an incident and when a graver one is opened.
"""

from __future__ import annotations

from collections.abc import Iterable

from alerting.core.incidents import IncidentState
from schemas.findings import Urgency

# A word that we do not know counts as the gravest: it mutes nothing away and is never muted.
_GRAVITY = {Urgency.ROUTINE: 0, Urgency.URGENT: 1, Urgency.EMERGENCY: 2, Urgency.UNKNOWN: 3}
_PAGED = frozenset({IncidentState.OPEN, IncidentState.ACKNOWLEDGED})


def is_graver(one: Urgency, other: Urgency) -> bool:
    """Say whether ``one`` is strictly graver than ``other``."""
    return _GRAVITY[one] > _GRAVITY[other]


def is_muted(urgency: Urgency, others: Iterable[tuple[Urgency, IncidentState]]) -> bool:
    """Say whether an incident is muted by another one of its case that is being paged or was taken.

    Args:
        urgency: of the incident.
        others: urgency and state of the other incidents of its case.
    """
    return any(
        state in _PAGED and other is not Urgency.UNKNOWN and is_graver(other, urgency) for other, state in others
    )
