"""Measures the DICOM door: real C-STORE of one CT series on loopback, from a process of its own, into a real spool.

``python -m bench.gateway --json`` prints one JSON document as its last line. Every instance is durable (file and
folder synced) before success is answered; the disk's own share is measured beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

from pydantic import SecretBytes

from schemas.codec import Record
from streams.gateway.service import Gateway
from streams.gateway.settings import GatewaySettings

SENDER = "BENCH"


class _Sink:
    def __init__(self) -> None:
        self.sent_at: list[datetime] = []

    def send(self, record: Record) -> None:
        del record
        self.sent_at.append(datetime.now(UTC))


def main() -> None:
    """Parse the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document as the last line")
    parser.add_argument("--slices", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--senders", type=int, default=1, help="associations at the same time")
    chosen = parser.parse_args()
    report = asyncio.run(_measure(chosen.slices, chosen.rounds, chosen.senders))
    print(json.dumps(report) if chosen.json else json.dumps(report, indent=2))


async def _measure(slices: int, rounds: int, senders: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        sink, stop = _Sink(), asyncio.Event()
        gateway = Gateway(_settings(Path(folder)), sink)
        task = asyncio.create_task(gateway.run(stop))
        await gateway.wait_until_ready()
        results = [await _round(gateway.port, slices, senders) for _ in range(rounds)]
        await asyncio.sleep(2.5)
        stop.set()
        await task
        disk_ms = _disk_ms(Path(folder))
    rates = sorted(len(times) / seconds for times, seconds in results)
    each_ms = sorted(1000 * one for times, _ in results for one in times)
    return {
        "slices": slices,
        "senders": senders,
        "instance_bytes": 512 * 512 * 2,
        "instances_per_s": round(rates[len(rates) // 2], 1),
        "ms_per_instance": {
            "p50": round(quantiles(each_ms, n=100)[49], 2),
            "p99": round(quantiles(each_ms, n=100)[98], 2),
        },
        "disk_write_and_sync_ms": round(disk_ms, 2),
        "announced": len(sink.sent_at),
        "expected_announcements": rounds * senders,
    }


async def _round(port: int, slices: int, senders: int) -> tuple[list[float], float]:
    command = [sys.executable, "-m", "bench.gateway_sender", str(port), str(slices), SENDER]
    started = [await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE) for _ in range(senders)]
    outputs = [json.loads((await one.communicate())[0]) for one in started]
    times = [value for output in outputs for value in output["seconds"]]
    return times, max(output["ended"] for output in outputs) - min(output["began"] for output in outputs)


def _settings(spool: Path) -> GatewaySettings:
    return GatewaySettings(
        spool=spool, site="bench", site_key=SecretBytes(os.urandom(32)), port=0, allowed_ae_titles=(SENDER,)
    )


def _disk_ms(folder: Path, repeats: int = 50) -> float:
    """Write, sync, rename, sync folder of one slice: what durability costs on this disk, alone."""
    data = os.urandom(512 * 512 * 2)
    begun = time.perf_counter()
    for _ in range(repeats):
        path = folder / uuid4().hex
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        path.rename(path.with_suffix(".done"))
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    return (time.perf_counter() - begun) / repeats * 1000


if __name__ == "__main__":
    main()
