"""The whole way from any DICOMweb server: dcmtk stores, QIDO-RS tells, and every pathway says why it does not apply."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.findings import OutcomeKind
from schemas.ids import case_id_of, study_uid
from schemas.ledger import attributed_share
from store.engine import StoreSettings
from streams.gateway.service import Gateway
from streams.gateway.settings import GatewaySettings, QidoWatch
from streams.kafka.producer import AckedProducer
from streams.kafka.settings import KafkaSettings
from streams.pathways import all_pathways
from tests.integration.workers import SITE_KEY, working
from tests.orthanc import INSTALL
from tests.streams.gateway.builders import FAST, STUDY, ct_slice

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SLICES = 12


def _knee(folder: Path) -> Path:
    folder.mkdir()
    for number in range(SLICES):
        made = ct_slice(
            number,
            BodyPartExamined="KNEE",
            StudyDescription="CT KNEE",
            SeriesDescription="KNEE 1.0",
            StudyDate=f"{datetime.now(UTC):%Y%m%d}",
            StudyTime="101500",
            StudyID="1",
            PatientBirthDate="",
        )
        made.save_as(folder / f"{number}.dcm", enforce_file_format=True)
    return folder


def _store(folder: Path, port: int) -> None:
    program = shutil.which("storescu")
    if program is None:
        assert not os.environ.get("CI"), f"dcmtk is missing: {INSTALL}"
        pytest.skip(f"dcmtk is missing: {INSTALL}")
    command = [program, "+sd", "-aec", "ORTHANC", "127.0.0.1", str(port), str(folder)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "TCP_NODELAY": "1"}, timeout=60)


async def test_a_knee_in_a_pacs_is_on_the_list_as_not_applicable(
    kafka_bootstrap: str, store_settings: StoreSettings, tmp_path: Path, orthanc: tuple[str, int]
) -> None:
    url, dicom = orthanc
    kafka, case_id = KafkaSettings(bootstrap=kafka_bootstrap), case_id_of(SITE_KEY, study_uid(STUDY))
    watch = QidoWatch(alias="pacs", url=f"{url}/dicom-web", poll_s=0.2)
    settings = GatewaySettings.model_validate(
        {"spool": tmp_path / "spool", "site": "TEST", "site_key": SITE_KEY, "port": 0, "qido": (watch,), "quiet": FAST}
    )
    producer, stop = AckedProducer(kafka, client_id="qido"), asyncio.Event()
    async with working(("router", "decider"), kafka, store_settings, tmp_path) as workers:
        watching = asyncio.create_task(Gateway(settings, producer).run(stop))
        await asyncio.sleep(1)  # the first look at a PACS takes what it holds as known
        await asyncio.to_thread(_store, _knee(tmp_path / "knee"), dicom)

        async def is_decided() -> bool:
            found, given = await workers.case(case_id), await workers.outcomes(case_id)
            # A slow sender may be announced in two revisions; the last one counts.
            if found is None or found.study.series[0].instances != SLICES:
                return False
            return [one.revision for one in given] == [found.revision] * len(all_pathways())

        await workers.until(is_decided)
        case, outcomes, rows = await workers.case(case_id), await workers.outcomes(case_id), await workers.worklist()
        stop.set()
        await watching
    await asyncio.to_thread(producer.close)
    assert case is not None
    assert (case.study.source, case.study.series[0].instances) == ("pacs", SLICES)
    assert {one.outcome.kind for one in outcomes} == {OutcomeKind.NOT_APPLICABLE}
    assert rows[case_id].state == "not applicable"
    assert min(attributed_share(one.ledger, case.arrived_at, one.decided_at) for one in outcomes) >= 0.99
