"""What one Faust hop costs on the real broker: produce → consume → produce, with our codec and supervisor.

A probe role consumes a topic with exactly the workers' code (``streams.kafka``); the time is from before the produce
until the handler is called.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

from schemas import topics
from schemas.events import CaseOutcome
from schemas.findings import Outcome
from streams.kafka import admin
from streams.kafka.app import make_app
from streams.kafka.consume import Consumer, Incoming, attach
from streams.kafka.emit import FaustEmitter, make_record
from streams.kafka.settings import KafkaSettings

PROBE = topics.Topic(
    "codestroke.probe.hop.v1", "case_id", CaseOutcome, "Benchmark probe.", ("bench",), ("bench",), dead_letters=False
)
_PACE_S = 0.02
_WARM_UP = 50


def _now() -> datetime:
    return datetime.now(UTC)


async def hop_ms(settings: KafkaSettings, folder: Path, *, records: int = 500) -> dict[str, float]:
    """Median and 99th percentile of ``records`` paced hops, in milliseconds."""
    admin.apply(settings, [PROBE])
    app = make_app("bench-hop", settings, folder=folder)
    emitter = FaustEmitter(app, timeout_s=settings.request_timeout_s)
    arrived: asyncio.Queue[float] = asyncio.Queue()

    async def handle(body: CaseOutcome, incoming: Incoming) -> None:
        del body, incoming
        arrived.put_nowait(time.perf_counter())

    attach(app, Consumer(role="bench-hop", topic=PROBE, handle=handle, emitter=emitter, now=_now))
    await app.start()
    try:
        took = [await _one(emitter, arrived, number) for number in range(records + _WARM_UP)][_WARM_UP:]
    finally:
        await app.stop()
    ranked = statistics.quantiles(took, n=100)
    return {"p50": round(ranked[49], 2), "p99": round(ranked[98], 2)}


async def _one(emitter: FaustEmitter, arrived: asyncio.Queue[float], number: int) -> float:
    now = _now()
    body = CaseOutcome(
        case_id="c" + "a" * 16,
        pathway="probe",
        revision=1,
        outcome=Outcome.failed("probe"),
        arrived_at=now,
        deadline=now,
    )
    record = make_record(PROBE, body.case_id, body, case_id=body.case_id, content=str(number), source="bench", now=now)
    started = time.perf_counter()
    await emitter.emit(record)
    took = (await arrived.get() - started) * 1000
    await asyncio.sleep(_PACE_S)
    return took
