"""An aneurysm that was measured before: its growth is in the finding, and only growth beyond doubt is urgent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from schemas.findings import Finding, FindingState, Measurement, Urgency
from store.engine import transaction
from store.tables import outcomes
from streams.pathways.aorta.following import MEASUREMENT, follow
from tests.fakes.clock import START
from tests.fakes.pathway import pathway
from tests.fakes.studies import study
from tests.scenarios.hospital import Hospital

pytestmark = pytest.mark.integration


def _aneurysm(diameter_mm: float) -> Finding:
    size = Measurement(
        name=MEASUREMENT, value=diameter_mm, unit="mm", low=diameter_mm - 1.0, high=diameter_mm + 1.0, method="test"
    )
    return Finding(
        code="aaa", state=FindingState.DETECTED, urgency=Urgency.ROUTINE, reason="aneurysm", measurements=(size,)
    )


async def _measured(hospital: Hospital, diameter_mm: float, *, uid: str, after_days: float) -> dict[str, object]:
    hospital.pathway = replace(pathway(_aneurysm(diameter_mm)), follow=(MEASUREMENT, follow))
    hospital.clock.forward(timedelta(days=after_days).total_seconds())
    await hospital.sees(study(uid, arrived_at=START + timedelta(days=after_days)))
    statement = select(outcomes.c.finding).order_by(outcomes.c.decided_at.desc()).limit(1)
    async with transaction(hospital.engine) as connection:
        found: dict[str, object] = (await connection.execute(statement)).scalar_one()
    return found


@pytest.mark.parametrize(("later_mm", "urgency"), [(40.5, Urgency.ROUTINE), (55.0, Urgency.URGENT)])
async def test_growth_against_the_last_year_is_told(hospital: Hospital, later_mm: float, urgency: Urgency) -> None:
    first = await _measured(hospital, 40.0, uid="1.2.3.1", after_days=0)
    later = await _measured(hospital, later_mm, uid="1.2.3.2", after_days=365)
    assert "growth" not in str(first)
    assert "growth_mm_per_year" in str(later["measurements"])
    assert later["urgency"] == urgency
