"""Both watchers on a real Orthanc with its DICOMweb plugin, fed by real C-STORE."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE

from streams.gateway.settings import OrthancWatch, QidoWatch
from tests.streams.gateway.builders import STUDY, RememberingSink, ct_slice, running, settings_of

pytestmark = pytest.mark.integration
INSTALL = "apt-get install orthanc orthanc-dicomweb"


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """REST url and DICOM port of an empty Orthanc."""
    binary = shutil.which("Orthanc")
    if binary is None:
        if os.environ.get("CI"):
            pytest.fail(f"Orthanc is missing: {INSTALL}")
        pytest.skip(f"Orthanc is missing: {INSTALL}")
    http, dicom = _free_port(), _free_port()
    plugins = [str(path) for path in Path("/usr/share/orthanc/plugins").glob("*DicomWeb*")]
    config = tmp_path / "orthanc.json"
    config.write_text(
        json.dumps(
            {
                "StorageDirectory": str(tmp_path / "storage"),
                "IndexDirectory": str(tmp_path / "storage"),
                "HttpPort": http,
                "DicomPort": dicom,
                "RemoteAccessAllowed": False,
                "AuthenticationEnabled": False,
                "DicomAlwaysAllowStore": True,
                "Plugins": plugins,
            }
        )
    )
    process = subprocess.Popen([binary, str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{http}"
        _await(url)
        yield url, dicom
    finally:
        process.terminate()
        process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(url: str) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"{url}/dicom-web/studies?limit=1") as answer:  # noqa: S310 - loopback
                answer.read()
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("Orthanc with its DICOMweb plugin did not start in 10 s")


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
