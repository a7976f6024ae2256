"""Kafka and PostgreSQL are killed while studies are routed: nothing is lost, and every case is decided once."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import pytest
from sqlalchemy import func, select

from codestroke.services.stack import Part, Stack
from schemas.codec import Envelope, Record, encode
from schemas.errors import PeerUnavailable
from schemas.ids import case_id_of, study_uid
from schemas.topics import STUDY_ARRIVED
from store.engine import StoreSettings, transaction
from store.tables import audit
from streams.kafka.producer import AckedProducer
from streams.kafka.settings import KafkaSettings
from streams.pathways import all_pathways
from tests.fakes.studies import study
from tests.integration.workers import SITE_KEY, Workers, utc_now, working

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
STUDIES = 30
SENDS_AGAIN_FOR_S = 60.0


def _arrival(uid: str) -> Record:
    body = study(uid, modality="MR", body_part="KNEE", arrived_at=utc_now())
    return encode(STUDY_ARRIVED, uid, body, Envelope(uid, "test", uid, utc_now()))


async def _send(producer: AckedProducer, uid: str) -> None:
    """Send as the gateway does: again and again until the broker has acknowledged it."""
    async with asyncio.timeout(SENDS_AGAIN_FOR_S):
        while True:
            try:
                return await asyncio.to_thread(producer.send, _arrival(uid))
            except PeerUnavailable:
                await asyncio.sleep(0.2)


async def _all_decided(workers: Workers, uids: list[str]) -> bool:
    found = [await workers.outcomes(case_id_of(SITE_KEY, study_uid(uid))) for uid in uids]
    return all(len(outcomes) == len(all_pathways()) for outcomes in found)


async def _audited(workers: Workers) -> dict[str, int]:
    async with transaction(workers.deps.engine) as connection:
        rows = await connection.execute(select(audit.c.action, func.count()).group_by(audit.c.action))
        return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("part", [Part.POSTGRES, Part.KAFKA])
async def test_a_server_killed_while_routing_loses_and_doubles_nothing(
    stack: Stack, kafka_bootstrap: str, store_settings: StoreSettings, tmp_path: Path, part: Part
) -> None:
    kafka = KafkaSettings(bootstrap=kafka_bootstrap, request_timeout_s=3)
    uids = [f"2.25.{uuid.uuid4().int}" for _ in range(STUDIES)]
    producer = AckedProducer(kafka, client_id="restarts")
    async with working(("router", "decider"), kafka, store_settings, tmp_path) as workers:
        for number, uid in enumerate(uids):
            if number == STUDIES // 3:
                await asyncio.to_thread(stack.kill, part)
            await _send(producer, uid)
        await asyncio.to_thread(stack.wait_ready, part)
        await workers.until(lambda: _all_decided(workers, uids))
        audited = await _audited(workers)
    await asyncio.to_thread(producer.close)
    assert (audited["case_registered"], audited["outcome_decided"]) == (STUDIES, STUDIES * len(all_pathways()))
