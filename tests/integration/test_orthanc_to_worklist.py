"""The whole way from a PACS: a study stored in Orthanc by dcmtk becomes a page, on real Kafka, Faust and Triton."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretBytes

from codestroke.demo.account import CaseAccount, read_case
from codestroke.services.stack import Endpoints, Part, Stack
from schemas.findings import FindingState, Side
from schemas.topics import all_topics
from simulator.render import Order
from simulator.shift import write
from simulator.specs import HeadCt
from store.engine import StoreSettings, open_engine
from streams.app import WorkerDeps, WorkerHost
from streams.gateway.service import Gateway
from streams.gateway.settings import GatewaySettings, OrthancWatch
from streams.inference.settings import TritonSettings
from streams.kafka import admin
from streams.kafka.producer import AckedProducer
from streams.kafka.settings import KafkaSettings
from streams.pathways import all_pathways
from streams.settings import SourceKind, SourceSettings, WorkerSettings
from tests.orthanc import INSTALL
from triton_models.phantoms.occlusion import Segment

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SITE_KEY = b"a site key of the integration tests"


@pytest.fixture
def parts(stack: Stack) -> Endpoints:
    """Kafka, PostgreSQL and Triton."""
    return stack.up(tuple(Part))


def _now() -> datetime:
    return datetime.now(UTC)


def _store(folder: Path, port: int) -> None:
    """Send a folder with dcmtk, whose Nagle delay the variable switches off."""
    program = shutil.which("storescu")
    if program is None:
        assert not os.environ.get("CI"), f"dcmtk is missing: {INSTALL}"
        pytest.skip(f"dcmtk is missing: {INSTALL}")
    command = [program, "+sd", "+sp", "*.dcm", "-aec", "ORTHANC", "127.0.0.1", str(port), str(folder)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "TCP_NODELAY": "1"})


@asynccontextmanager
async def _codestroke(
    parts: Endpoints, store: StoreSettings, folder: Path, source: SourceSettings, watch: OrthancWatch
) -> AsyncIterator[WorkerDeps]:
    kafka = KafkaSettings(bootstrap=parts.kafka_bootstrap)
    await asyncio.to_thread(admin.apply, kafka, all_topics([pathway.name for pathway in all_pathways()]))
    deps = WorkerDeps(
        engine=open_engine(store),
        kafka=kafka,
        triton=TritonSettings(grpc=parts.triton_grpc),
        settings=WorkerSettings(sources={"pacs": source}, scratch=folder / "scratch"),
        spool=folder / "spool",
        site_key=SITE_KEY,
        now=_now,
    )
    gateway_settings = GatewaySettings(
        spool=folder / "spool",
        site="TEST",
        site_key=SecretBytes(SITE_KEY),
        port=0,
        orthanc=(watch,),
    )
    producer, stop = AckedProducer(kafka, client_id="test"), asyncio.Event()
    gateway, host = Gateway(gateway_settings, producer), WorkerHost(("router", "stroke", "decider"), deps)
    running = [asyncio.create_task(gateway.run(stop)), asyncio.create_task(host.run(stop))]
    try:
        await _until(lambda: bool(host.health()["ready"]), running)
        yield deps
    finally:
        stop.set()
        await asyncio.gather(*running)
        await asyncio.to_thread(producer.close)
        await deps.engine.dispose()


async def _until(wanted: Callable[[], bool], running: list[asyncio.Task[None]]) -> None:
    async with asyncio.timeout(60):
        while not wanted():
            for task in running:
                if task.done():
                    await task
            await asyncio.sleep(0.1)


async def _decided(deps: WorkerDeps, study_uid: str) -> CaseAccount:
    async with asyncio.timeout(60):
        while True:
            case = await read_case(deps.engine, study_uid)
            if case is not None and case.incidents:
                return case
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("kind", [SourceKind.ORTHANC, SourceKind.DICOMWEB])
async def test_an_occlusion_in_the_pacs_becomes_an_incident_that_is_due_to_be_paged(
    parts: Endpoints, store_settings: StoreSettings, tmp_path: Path, orthanc: tuple[str, int], kind: SourceKind
) -> None:
    url, dicom = orthanc
    number = 1 if kind is SourceKind.ORTHANC else 2
    order = Order(seed=71, number=number, spec=HeadCt(occlusion=Segment.ICA_T, side=Side.LEFT))
    folder = write(order, tmp_path / "study")
    source = SourceSettings(kind=kind, url=url if kind is SourceKind.ORTHANC else f"{url}/dicom-web")
    watch = OrthancWatch(alias="pacs", url=url, poll_s=0.2)
    async with _codestroke(parts, store_settings, tmp_path, source, watch) as deps:
        await asyncio.to_thread(_store, folder, dicom)
        case = await _decided(deps, order.study_uid)
    (stroke,) = [item for item in case.pathways if item.pathway == "stroke"]
    assert stroke.outcome is not None
    assert stroke.outcome.finding is not None
    assert stroke.outcome.finding.state is FindingState.DETECTED
    assert stroke.outcome.finding.location.side is Side.LEFT
    assert [(item.team, item.state) for item in case.incidents] == [("stroke", "open")]
