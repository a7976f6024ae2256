"""A study that arrives by real C-STORE leaves as one event, whatever happens to broker and gateway."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import structlog
from pynetdicom import AE

from schemas.errors import PeerUnavailable, TransientError
from streams.gateway.index import Index
from streams.gateway.service import Gateway
from tests.streams.gateway.builders import STUDY, RememberingSink, ct_slice, running, settings_of, store, stored_files


async def test_stored_study_becomes_one_event(tmp_path: Path) -> None:
    sink = RememberingSink()
    async with running(settings_of(tmp_path), sink) as gateway:
        statuses = await asyncio.to_thread(store, gateway.port, [ct_slice(n) for n in range(8)])
        [event] = await sink.wait_for(1)
        await asyncio.sleep(0.7)
    assert statuses == [0x0000] * 8
    assert (event.study_uid, event.source, event.revision) == (STUDY, "spool", 1)
    assert event.readiness == "released_and_gap_free"
    assert (event.series[0].instances, event.series[0].contrast_agent) == (8, True)
    assert (stored_files(tmp_path), len(sink.records)) == (8, 1)


async def test_event_carries_no_patient_data(tmp_path: Path) -> None:
    sink = RememberingSink()
    async with running(settings_of(tmp_path), sink) as gateway:
        await asyncio.to_thread(store, gateway.port, [ct_slice(n) for n in range(3)])
        await sink.wait_for(1)
    told = sink.records[0].value + b"".join(value for _, value in sink.records[0].headers)
    assert not any(secret in told for secret in (b"Doe", b"Jane", b"4711", b"0815"))
    assert STUDY.encode() not in b"".join(value for _, value in sink.records[0].headers)


async def test_late_slice_amends_and_repeats_do_not(tmp_path: Path) -> None:
    sink = RememberingSink()
    async with running(settings_of(tmp_path), sink) as gateway:
        await asyncio.to_thread(store, gateway.port, [ct_slice(n) for n in range(5)])
        await sink.wait_for(1)
        await asyncio.to_thread(store, gateway.port, [ct_slice(n) for n in range(5)])
        await asyncio.to_thread(store, gateway.port, [ct_slice(5)])
        first, second = await sink.wait_for(2)
    assert (first.revision, second.revision) == (1, 2)
    assert (first.series[0].instances, second.series[0].instances) == (5, 6)


async def test_broker_down_delays_and_loses_nothing(tmp_path: Path) -> None:
    sink = RememberingSink()
    sink.is_down = True
    async with running(settings_of(tmp_path), sink) as gateway:
        await asyncio.to_thread(store, gateway.port, [ct_slice(n) for n in range(3)])
        while gateway.health()["kafka"] != "down":
            await asyncio.sleep(0.02)
        assert gateway.health()["unsent_announcements"] == 1
        sink.is_down = False
        await sink.wait_for(1)


async def test_unsent_is_sent_after_a_restart_byte_for_byte(tmp_path: Path) -> None:
    down, up = RememberingSink(), RememberingSink()
    down.is_down = True
    async with running(settings_of(tmp_path), down) as gateway:
        await asyncio.to_thread(store, gateway.port, [ct_slice(n) for n in range(3)])
        while not gateway.health()["unsent_announcements"]:
            await asyncio.sleep(0.02)
    async with running(settings_of(tmp_path), up):
        await up.wait_for(1)
    assert len(down.records) == 0
    async with running(settings_of(tmp_path), up):
        await asyncio.sleep(0.3)
    assert len(up.records) == 1


async def test_file_without_an_index_row_is_found_again(tmp_path: Path) -> None:
    first, second = RememberingSink(), RememberingSink()
    async with running(settings_of(tmp_path), first) as gateway:
        await asyncio.to_thread(store, gateway.port, [ct_slice(n) for n in range(4)])
        await first.wait_for(1)
    (tmp_path / ".index.sqlite").unlink()
    async with running(settings_of(tmp_path), second):
        [event] = await second.wait_for(1)
    assert event.series[0].instances == 4
    assert second.records[0].headers[1] == first.records[0].headers[1], "same content, same event id"


async def test_a_spoiled_file_in_the_spool_stops_no_start(tmp_path: Path) -> None:
    (tmp_path / STUDY / "1.2").mkdir(parents=True)
    (tmp_path / STUDY / "1.2" / "1.3.dcm").write_bytes(b"\x00" * 4096)
    sink = RememberingSink()
    async with running(settings_of(tmp_path), sink) as gateway:
        await asyncio.to_thread(store, gateway.port, [ct_slice(n) for n in range(3)])
        [event] = await sink.wait_for(1)
    assert event.series[0].instances == 3


async def test_an_index_that_fails_for_a_while_delays_the_announcement_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_index: Index, _announcement: object) -> None:
        raise TransientError("disk I/O error")

    sink = RememberingSink()
    with structlog.testing.capture_logs() as logs:
        async with running(settings_of(tmp_path), sink) as gateway:
            with monkeypatch.context() as patched:
                patched.setattr(Index, "announce", failing)
                await asyncio.to_thread(store, gateway.port, [ct_slice(n) for n in range(3)])
                async with asyncio.timeout(5):
                    while not any(line["event"] == "readiness_delayed" for line in logs):
                        await asyncio.sleep(0.02)
            await sink.wait_for(1)
    assert [line["setting"] for line in logs if line["event"] == "readiness_delayed"] == ["gateway.spool"]


async def test_port_in_use_is_named_with_its_setting(tmp_path: Path) -> None:
    async with running(settings_of(tmp_path / "a"), RememberingSink()) as gateway:
        second = Gateway(settings_of(tmp_path / "b", port=gateway.port), RememberingSink())
        with pytest.raises(PeerUnavailable, match=r"gateway\.port"):
            await second.run(asyncio.Event())


_CHILD = """
import asyncio, sys
from pathlib import Path
from tests.streams.gateway.builders import RememberingSink, settings_of
from streams.gateway.service import Gateway

async def main() -> None:
    gateway = Gateway(settings_of(Path(sys.argv[1])), RememberingSink())
    asyncio.create_task(gateway.run(asyncio.Event()))
    await gateway.wait_until_ready()
    print(gateway.port, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def _store_until_cut(port: int, pid: int, kill_after: int) -> list[str]:
    """Send slices, kill the receiver while it takes one; return the UIDs that were answered with success."""
    entity = AE(ae_title="SCANNER")
    # pynetdicom may lose an answer on a busy machine (see simulator/reactor.py); it then counts as none.
    entity.dimse_timeout = 5
    entity.add_requested_context(ct_slice(0).SOPClassUID, ct_slice(0).file_meta.TransferSyntaxUID)
    association = entity.associate("127.0.0.1", port)
    connection = association.dul.socket.socket
    answered = []
    for number in range(200):
        if number == kill_after:
            # Milliseconds later the receiver is in the middle of this slice, or of the next.
            threading.Timer(0.001 * (kill_after % 4), os.kill, (pid, signal.SIGKILL)).start()
        if not association.is_established:
            break
        status = association.send_c_store(ct_slice(number, size=256))
        if status.get("Status") != 0x0000:
            break
        answered.append(ct_slice(number).SOPInstanceUID)
    if association.is_established:
        association.abort()
    connection.close()
    return answered


@pytest.mark.parametrize("kill_after", [1, 6, 20, 47])
async def test_killed_gateway_announces_all_that_it_acknowledged(tmp_path: Path, kill_after: int) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-c", _CHILD, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    port = 0
    while not port:
        line = await child.stdout.readline()
        assert line, "the gateway ended before it listened"
        port = int(line) if line.strip().isdigit() else 0
    try:
        answered = await asyncio.to_thread(_store_until_cut, port, child.pid, kill_after)
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await child.communicate()
    sink = RememberingSink()
    async with running(settings_of(tmp_path), sink):
        [event] = await sink.wait_for(1)
    assert 0 < len(answered) < 200
    assert event.series[0].instances >= len(answered)
    assert {path.stem for path in tmp_path.glob("*/*/*.dcm")} >= set(answered)  # noqa: ASYNC240 - a test's own folder
