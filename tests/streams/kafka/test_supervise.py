"""Whatever handler, outcome and broker do, a record ends once: handled, dead-lettered or tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace

import msgspec
import pytest

from schemas.codec import Headers
from schemas.errors import BudgetExhausted, MalformedEvent, PeerUnavailable
from schemas.events import StudyArrived
from schemas.topics import STUDY_ARRIVED
from streams.kafka import consume
from streams.kafka.consume import Consumer, Incoming
from tests.fakes.emitter import KeptEmitter
from tests.fakes.studies import study

AWAY = PeerUnavailable("away")


@dataclass
class Role:
    """A role that raises what the test queued, and the supervisor around it."""

    handling: list[Exception] = field(default_factory=list)
    telling: list[Exception] = field(default_factory=list)
    emitter: KeptEmitter = field(default_factory=KeptEmitter)
    handled: int = 0
    told: int = 0

    async def handle(self, body: StudyArrived, incoming: Incoming) -> None:
        """Raise the next error, or count."""
        del body, incoming
        if self.handling:
            raise self.handling.pop(0)
        self.handled += 1

    async def tell(self, body: StudyArrived, incoming: Incoming, error: BaseException) -> None:
        """Raise the next error, or count."""
        del body, incoming, error
        if self.telling:
            raise self.telling.pop(0)
        self.told += 1

    async def takes(self, value: bytes | None, headers: Sequence[tuple[str, bytes | None]] = ()) -> None:
        """Give it one record."""
        message = SimpleNamespace(
            topic=STUDY_ARRIVED.name, partition=1, offset=2, key=b"k", value=value, headers=list(headers)
        )
        consumer = Consumer(
            role="test",
            topic=STUDY_ARRIVED,
            handle=self.handle,
            on_failure=self.tell,
            emitter=self.emitter,
            now=lambda: datetime.now(UTC),
        )
        async with asyncio.timeout(10):
            await consume._supervise(consumer, message)

    @property
    def reasons(self) -> list[str]:
        """Why records were dead-lettered."""
        return [dict(record.headers)["dlq-reason"].decode() for record in self.emitter.records]


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consume, "_MAX_WAIT_S", 0.1)


VALID = msgspec.json.encode(study())


async def test_a_valid_record_is_handled_once() -> None:
    role = Role()
    await role.takes(VALID)
    assert (role.handled, role.told, role.reasons) == (1, 0, [])


@pytest.mark.parametrize("error", [AWAY, BudgetExhausted("deadline")])
async def test_a_transient_error_is_tried_again_and_told_nobody(error: Exception) -> None:
    role = Role(handling=[error] * 3)
    await role.takes(VALID)
    assert (role.handled, role.told, role.reasons) == (1, 0, [])


@pytest.mark.parametrize(
    ("error", "reason"), [(MalformedEvent("no", reason="unknown_case"), "unknown_case"), (KeyError("x"), "defect")]
)
async def test_what_cannot_be_handled_is_told_and_buried(error: Exception, reason: str) -> None:
    role = Role(handling=[error])
    await role.takes(VALID)
    assert (role.handled, role.told, role.reasons) == (0, 1, [reason])


async def test_what_cannot_be_decoded_is_buried_and_there_is_nobody_to_tell() -> None:
    role = Role()
    await role.takes(None)
    assert (role.handled, role.told, role.reasons) == (0, 0, ["null_value"])


@pytest.mark.parametrize("second", [ValueError("another defect"), MalformedEvent("no")])
async def test_a_defect_while_telling_a_defect_does_not_lose_the_record(second: Exception) -> None:
    role = Role(handling=[KeyError("x")], telling=[second])
    await role.takes(VALID)
    assert role.reasons == ["defect"]


async def test_a_broker_that_is_away_while_burying_is_waited_for() -> None:
    role = Role(handling=[KeyError("x")] * 3, telling=[AWAY])
    role.emitter.broken = 1
    await role.takes(VALID)
    assert (role.handled, role.told, role.reasons) == (0, 2, ["defect"])


@pytest.mark.parametrize("headers", [[("traceparent", None)], [("schema-version", b"")], [("x", b"\xff\xfe")]])
async def test_odd_headers_do_not_hinder_a_valid_record(headers: Headers) -> None:
    role = Role()
    await role.takes(VALID, headers)
    assert role.handled == 1
