"""Both watchers on a real Orthanc with its DICOMweb plugin, fed by real C-STORE."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE

from streams.gateway.settings import OrthancWatch, QidoWatch
from tests.streams.gateway.builders import STUDY, RememberingSink, ct_slice, running, settings_of

pytestmark = pytest.mark.integration


def _send(port: int, numbers: range) -> None:
    entity = AE(ae_title="SCANNER")
    first = ct_slice(0)
    entity.add_requested_context(first.SOPClassUID, first.file_meta.TransferSyntaxUID)
    association = entity.associate("127.0.0.1", port, ae_title="ORTHANC")
    for number in numbers:
        assert association.send_c_store(_today(number)).Status == 0
    association.release()


def _today(number: int) -> Dataset:
    return ct_slice(
        number, StudyDate=f"{datetime.now(UTC):%Y%m%d}", StudyID="1", StudyTime="101500", PatientBirthDate=""
    )


@pytest.mark.parametrize("kind", ["orthanc", "qido"])
async def test_study_in_orthanc_is_announced_and_amended(tmp_path: Path, orthanc: tuple[str, int], kind: str) -> None:
    url, dicom = orthanc
    settings = settings_of(
        tmp_path / "spool",
        orthanc=(OrthancWatch(alias="pacs", url=url, poll_s=0.2),) if kind == "orthanc" else (),
        qido=(QidoWatch(alias="pacs", url=f"{url}/dicom-web", poll_s=0.2),) if kind == "qido" else (),
    )
    sink = RememberingSink()
    async with running(settings, sink):
        await asyncio.sleep(1)
        await asyncio.to_thread(_send, dicom, range(30))
        [first] = await sink.wait_for(1, 15)
        await asyncio.to_thread(_send, dicom, range(30, 33))
        _, second = await sink.wait_for(2, 15)
    assert (first.study_uid, first.source, first.series[0].instances) == (STUDY, "pacs", 30)
    assert (first.body_part, first.series[0].contrast_agent, first.series[0].modality) == ("HEAD", True, "CT")
    assert (second.revision, second.series[0].instances) == (2, 33)
    assert first.patient_age_years == 71
