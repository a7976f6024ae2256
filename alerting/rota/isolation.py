"""Reading a calendar in a process of its own, with a limit on time and memory.

Who calls it: ``alerting.rota.roster``. A rule can be written so that reading it never ends; the process that reads it
is then killed, and paging goes on with the copy it has.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
from datetime import datetime

from pebble import ProcessExpired, ProcessPool

from alerting.rota.occurrences import BadCalendar, Reading
from alerting.rota.reading import read

LIMIT_S = 30.0
"""A calendar of 19,000 events (1.9 MB) took 11 s on a machine busy with other work."""
MEMORY_BYTES = 1 << 30


async def read_isolated(body: str, *, zone: str, start: datetime, end: datetime, limit_s: float = LIMIT_S) -> Reading:
    """Read a calendar as ``alerting.rota.reading.read`` does.

    Raises:
        BadCalendar: not a calendar; or no result within ``limit_s`` or the memory allowed.
    """
    return await asyncio.to_thread(_read_in_process, body, zone, start, end, limit_s)


def _read_in_process(body: str, zone: str, start: datetime, end: datetime, limit_s: float) -> Reading:
    pool = ProcessPool(max_workers=1, initializer=_confine, context=multiprocessing.get_context("spawn"))
    try:
        reading: Reading = pool.schedule(_read, args=(body, zone, start, end), timeout=limit_s).result()
    except TimeoutError:
        raise BadCalendar(f"reading it took longer than {limit_s:g} s", reason="too_slow") from None
    except (ProcessExpired, MemoryError, OSError, RuntimeError) as error:
        raise BadCalendar(f"reading it failed ({type(error).__name__})", reason="too_much") from None
    finally:
        pool.stop()
        pool.join()
    return reading


def _confine() -> None:
    os.nice(10)  # pages come first
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _read(body: str, zone: str, start: datetime, end: datetime) -> Reading:
    return read(body, zone=zone, start=start, end=end)
