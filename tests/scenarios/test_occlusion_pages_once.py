"""An occlusion opens one incident, due to be paged at once, whatever is repeated."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from schemas import topics
from schemas.errors import BadDicom
from schemas.findings import FindingState, OutcomeKind
from store.audit import first_break
from store.engine import transaction
from store.tables import incidents, outcomes, worklist
from tests.fakes.pathway import finding, pathway
from tests.fakes.studies import study
from tests.scenarios.hospital import Hospital

pytestmark = pytest.mark.integration


async def _rows(hospital: Hospital, table: object) -> list[object]:
    async with transaction(hospital.engine) as connection:
        return list((await connection.execute(select(table))).all())  # type: ignore[call-overload]


async def test_a_detected_occlusion_is_ranked_and_paged(hospital: Hospital) -> None:
    outcome = await hospital.sees(study())
    assert outcome.outcome.kind is OutcomeKind.SCORED
    (row,) = await _rows(hospital, worklist)
    assert (row.tier, row.state, row.rank_reason) == (0, "flagged", "suspected LVO: occlusion, left M1")  # type: ignore[attr-defined]
    (incident,) = await _rows(hospital, incidents)
    assert (incident.state, incident.step, incident.team) == ("open", 0, "stroke")  # type: ignore[attr-defined]
    assert incident.next_step_at <= incident.opened_at  # type: ignore[attr-defined]


async def test_repeated_events_page_nobody_again(hospital: Hospital) -> None:
    (request,) = await hospital.arrives(study())
    outcome = await hospital.is_analysed(request)
    for _ in range(3):
        await hospital.is_decided(outcome)
    again = await hospital.is_analysed(request)
    await hospital.is_decided(again)
    await hospital.arrives(study())
    assert len(await _rows(hospital, incidents)) == 1
    assert len(await _rows(hospital, outcomes)) == 1


async def test_late_slices_amend_and_page_nobody_again(hospital: Hospital) -> None:
    await hospital.sees(study())
    hospital.clock.forward(30)
    await hospital.sees(study(revision=2))
    (outcome,) = await _rows(hospital, outcomes)
    assert outcome.revision == 2  # type: ignore[attr-defined]
    assert len(await _rows(hospital, incidents)) == 1


async def test_a_repetition_produces_the_same_event_id(hospital: Hospital) -> None:
    (request,) = await hospital.arrives(study())
    outcome = await hospital.is_analysed(request)
    await hospital.is_decided(outcome)
    await hospital.is_decided(outcome)
    ids = {dict(r.headers)["ce_id"] for r in hospital.emitter.records if r.topic == topics.WORKLIST_CHANGED.name}
    assert len(ids) == 1


async def test_the_audit_chain_holds(hospital: Hospital) -> None:
    await hospital.sees(study())
    async with transaction(hospital.engine) as connection:
        assert await first_break(connection) is None


async def test_a_later_failure_does_not_hide_what_was_detected(hospital: Hospital) -> None:
    await hospital.sees(study())
    hospital.images.errors = [BadDicom("a late slice is cut")]
    await hospital.sees(study(revision=2))
    (row,) = await _rows(hospital, worklist)
    assert row.state == "flagged"  # type: ignore[attr-defined]


async def test_a_later_failure_does_hide_what_was_negative(hospital: Hospital) -> None:
    hospital.pathway = pathway(finding(FindingState.NOT_DETECTED))
    await hospital.sees(study())
    hospital.images.errors = [BadDicom("a late slice is cut")]
    await hospital.sees(study(revision=2))
    (row,) = await _rows(hospital, worklist)
    assert row.state == "not analysed"  # type: ignore[attr-defined]
