"""A study that arrives by real C-STORE leaves as one event."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.streams.gateway.builders import STUDY, RememberingSink, ct_slice, running, settings_of, store, stored_files


async def test_stored_study_becomes_one_event(tmp_path: Path) -> None:
    sink = RememberingSink()
    async with running(settings_of(tmp_path), sink) as gateway:
        statuses = await asyncio.to_thread(store, gateway.port, [ct_slice(n) for n in range(8)])
        [event] = await sink.wait_for(1)
    assert statuses == [0x0000] * 8
    assert (event.study_uid, event.source, event.revision, event.readiness) == (
        STUDY,
        "spool",
        1,
        "released_and_gap_free",
    )
    assert event.series[0].instances == 8
    assert stored_files(tmp_path) == 8
