"""Whatever goes wrong, the case ends "not analysed: reason", above negatives, never as normal."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest
from sqlalchemy import select

from schemas.errors import BadDicom, ModelContractBroken, PeerUnavailable
from schemas.findings import FindingState, OutcomeKind
from schemas.ids import case_id_of, study_uid
from schemas.ledger import attributed_share
from store.engine import transaction
from store.outcomes import of_case
from store.tables import worklist
from streams.pathways import find_pathway
from tests.fakes.pathway import finding, pathway
from tests.fakes.studies import UID, study
from tests.scenarios.hospital import SITE_KEY, Hospital
from triton_models.prepared import indeterminate, not_applicable

pytestmark = pytest.mark.integration


async def _state(hospital: Hospital) -> tuple[str, str]:
    async with transaction(hospital.engine) as connection:
        row = (await connection.execute(select(worklist))).one()
    return row.state, row.state_detail


async def test_a_broken_image_is_not_analysed_with_its_reason(hospital: Hospital) -> None:
    hospital.images.errors = [BadDicom("instance is cut after 200 bytes")]
    outcome = await hospital.sees(study())
    assert outcome.outcome.kind is OutcomeKind.FAILED
    assert await _state(hospital) == ("not analysed", "instance is cut after 200 bytes")


async def test_a_broken_contract_is_never_negative(hospital: Hospital) -> None:
    hospital.model.errors = [ModelContractBroken("heat holds NaN or infinity")]
    await hospital.sees(study())
    assert (await _state(hospital))[0] == "not analysed"


async def test_a_peer_that_comes_back_in_time_costs_nothing_but_time(hospital: Hospital) -> None:
    hospital.images.errors = [PeerUnavailable("PACS is away")]
    hospital.model.errors = [PeerUnavailable("Triton is away")]
    outcome = await hospital.sees(study())
    assert outcome.outcome.kind is OutcomeKind.SCORED


async def test_past_the_deadline_no_analysis_is_begun(hospital: Hospital) -> None:
    (request,) = await hospital.arrives(study())
    hospital.clock.forward(120)
    outcome = await hospital.is_analysed(request)
    assert (outcome.outcome.kind, outcome.outcome.reason) == (OutcomeKind.FAILED, "deadline")
    assert hospital.images.decoded == 0


async def test_an_analysis_that_came_late_replaces_the_missed_deadline(hospital: Hospital) -> None:
    (request,) = await hospital.arrives(study())
    late = await hospital.is_analysed(request)
    hospital.clock.forward(120)
    missed = await hospital.is_analysed(request)
    await hospital.is_decided(missed)
    assert (await _state(hospital))[0] == "not analysed"
    await hospital.is_decided(late)
    assert (await _state(hospital))[0] == "flagged"


async def test_no_contrast_is_indeterminate(hospital: Hospital) -> None:
    hospital.pathway = pathway(finding(FindingState.INDETERMINATE), indeterminate("no contrast", {}))
    await hospital.sees(study())
    assert (await _state(hospital))[0] == "indeterminate"
    assert hospital.model.asked == 0


async def test_a_foreign_region_found_by_preprocessing_is_not_applicable(hospital: Hospital) -> None:
    hospital.pathway = pathway(prepared=not_applicable("no head in the volume", {}))
    await hospital.sees(study())
    assert await _state(hospital) == ("not applicable", "no head in the volume")


async def test_another_modality_is_not_applicable_at_once(hospital: Hospital) -> None:
    assert await hospital.arrives(study(modality="MR")) == []
    (record,) = hospital.emitter.records
    assert b"not_applicable" in record.value


async def test_the_ledger_attributes_the_whole_time(hospital: Hospital) -> None:
    hospital.clock.forward(1.0)
    await hospital.sees(study())
    hospital.clock.forward(0.5)
    async with transaction(hospital.engine) as connection:
        (stored,) = await of_case(connection, case_id_of(SITE_KEY, study_uid(UID)))
    start = study().clocks.last_instance_at
    assert attributed_share(stored.ledger, start, stored.decided_at) == 1.0


async def test_a_plain_thick_head_is_indeterminate_and_pages_nobody(hospital: Hospital) -> None:
    stroke = find_pathway("stroke")
    hospital.pathway = dataclasses.replace(pathway(), series=stroke.series, without_series=stroke.without_series)
    hospital.pathway = dataclasses.replace(hospital.pathway, read=stroke.read)
    plain = study()
    series = msgspec.structs.replace(plain.series[0], description="HEAD", slice_thickness_mm=5.0)
    outcome = await hospital.sees(msgspec.structs.replace(plain, series=(series,), description="HEAD"))
    finding = outcome.outcome.finding
    assert finding is not None
    assert finding.state is FindingState.INDETERMINATE
    assert finding.reason.startswith("no contrast")
    assert hospital.images.decoded == 0
