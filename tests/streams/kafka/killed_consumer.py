"""A worker to be killed: notes what it begins, and never ends the record of case ``b``.

Run as a process by ``test_redelivery``: bootstrap, topic, group and folder are its arguments.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from schemas.events import CaseOutcome
from schemas.topics import Topic
from streams.kafka.app import make_app
from streams.kafka.consume import Consumer, Incoming, attach
from streams.kafka.emit import FaustEmitter
from streams.kafka.settings import KafkaSettings

ROLE = "killed"
STUCK = "b"


def topic_of(name: str) -> Topic:
    """The test's topic."""
    return Topic(name, "case_id", CaseOutcome, "Test.", ("t",), ("t",))


def settings_of(bootstrap: str) -> KafkaSettings:
    """One partition; a dead member is noticed as soon as the broker allows."""
    return KafkaSettings(bootstrap=bootstrap, partitions=1, session_timeout_s=2, heartbeat_interval_s=0.5)


async def _main(bootstrap: str, topic: str, group: str, folder: Path) -> None:
    app = make_app(ROLE, settings_of(bootstrap), folder=folder, group_prefix=group)
    notes = folder / "begun"

    async def handle(body: CaseOutcome, incoming: Incoming) -> None:
        del incoming
        await asyncio.to_thread(_note, notes, body.case_id)
        if body.case_id == STUCK:
            await asyncio.Event().wait()

    emitter = FaustEmitter(app, timeout_s=10)
    attach(
        app,
        Consumer(role=ROLE, topic=topic_of(topic), handle=handle, emitter=emitter, now=lambda: datetime.now(UTC)),
    )
    await app.start()
    await asyncio.Event().wait()


def _note(path: Path, case_id: str) -> None:
    with path.open("a") as file:
        file.write(f"{case_id}\n")


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4])))
