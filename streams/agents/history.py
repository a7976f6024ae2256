"""Lets a pathway read a patient's earlier measurements before its finding is decided upon.

Called by the decision, inside its transaction. Pathways that do not follow patients get their event back as it is.
"""

from __future__ import annotations

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.events import CaseOutcome
from store import measurements
from store.cases import Case
from streams.pathways import Pathway


async def followed(connection: AsyncConnection, case: Case, event: CaseOutcome, pathway: Pathway | None) -> CaseOutcome:
    """The same event, its finding compared with earlier studies of the same patient (keyed pseudonym)."""
    finding = event.outcome.finding
    if finding is None or pathway is None or pathway.follow is None or not case.study.patient_key:
        return event
    name, follow = pathway.follow
    known = await measurements.history(connection, case.study.patient_key, name)
    taken_at = case.acquired_at or case.arrived_at
    earlier = [item for item in known if item.case_id != case.case_id and item.measured_at < taken_at]
    if not earlier:
        return event
    outcome = msgspec.structs.replace(event.outcome, finding=follow(finding, earlier, taken_at))
    return msgspec.structs.replace(event, outcome=outcome)
