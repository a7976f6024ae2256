"""Builders of study events."""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.events import Clocks, SeriesSummary, StudyArrived
from schemas.priorities import Priority
from tests.fakes.clock import START

UID = "1.2.826.0.1.3680043.9.1"


def study(
    uid: str = UID,
    *,
    modality: str = "CT",
    body_part: str = "HEAD",
    priority: Priority = Priority.ROUTINE,
    revision: int = 1,
    arrived_at: datetime = START,
) -> StudyArrived:
    """A complete study that arrived at ``arrived_at`` and was judged complete a second later."""
    series = SeriesSummary(
        series_uid=f"{uid}.1", modality=modality, instances=200, description="CTA HEAD", body_part=body_part
    )
    return StudyArrived(
        site="DEMO",
        source="spool",
        study_uid=uid,
        patient_key="p" + "0" * 32,
        modality=modality,
        body_part=body_part,
        description="CTA HEAD",
        priority=priority,
        series=(series,),
        clocks=Clocks(last_instance_at=arrived_at, ready_at=arrived_at + timedelta(seconds=1)),
        readiness="expected_count",
        revision=revision,
    )
