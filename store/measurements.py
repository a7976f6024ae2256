"""Measurements that follow a patient (by keyed pseudonym) from study to study."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.findings import Finding
from store.tables import measurements


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An earlier measurement with its 95 % interval, in ``unit``."""

    case_id: str
    name: str
    value: float
    low: float | None
    high: float | None
    unit: str
    method: str
    measured_at: datetime


async def record(
    connection: AsyncConnection, *, patient_key: str, case_id: str, finding: Finding, measured_at: datetime
) -> None:
    """Write all measurements of a finding; a newer revision of the same case replaces them."""
    for item in finding.measurements:
        values = {
            "value": item.value,
            "low": item.low,
            "high": item.high,
            "unit": item.unit,
            "method": item.method,
            "model": msgspec.to_builtins(finding.model) if finding.model else None,
            "measured_at": measured_at,
        }
        statement = insert(measurements).values(patient_key=patient_key, case_id=case_id, name=item.name, **values)
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["patient_key", "case_id", "name"], set_=values)
        )


async def history(connection: AsyncConnection, patient_key: str, name: str) -> list[Measured]:
    """Read a patient's measurements called ``name``, oldest first."""
    columns = [getattr(measurements.c, field) for field in Measured.__dataclass_fields__]
    statement = (
        select(*columns)
        .where(measurements.c.patient_key == patient_key, measurements.c.name == name)
        .order_by(measurements.c.measured_at)
    )
    return [Measured(**row._mapping) for row in await connection.execute(statement)]  # noqa: SLF001 - public in SQLAlchemy
