"""A ward for tests of escalation and answers: a real store and no network; time is moved by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry
from sqlalchemy import select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.core.contacts import ChannelName
from alerting.core.planning import attempt_nonce
from alerting.pager.clock import SteadyClock
from alerting.pager.escalation import Escalation
from alerting.pager.inbound import Inbound, ReplyResult
from alerting.pager.journal import Journal
from alerting.pager.keys import KeyPress, KeyResult
from alerting.pager.metrics import PagerMetrics
from alerting.pager.publishing import BestEffortPublisher, NoEvents
from alerting.pager.rules import Rules
from alerting.roster import StaticRoster
from alerting.settings import PagingSettings
from schemas.findings import Finding
from store import desk, incidents
from store.desk import Notice
from store.engine import transaction
from store.incidents import Incident
from store.tables import incidents as incident_table
from store.tables import page_outbox
from tests.alerting.pager.harness import LVO, open_incident

PEOPLE = {
    "ann": "+447700900001",
    "ben": "+447700900002",
    "eve": "+447700900003",
    "desk": "+447700900009",
}


def ward_settings(**changes: object) -> PagingSettings:
    """Ann first, then Ben; Eve is of no team; the desk is told."""
    roles = {"ann": ["neurologist"], "ben": ["anaesthetist"]}
    return PagingSettings.model_validate(
        {
            "contacts": [
                {"code": code, "number": number, "roles": roles.get(code, [])} for code, number in PEOPLE.items()
            ],
            "teams": {"stroke": {"tiers": [["ann"], ["ben"]]}},
            "desk": ["desk"],
            **changes,
        }
    )


@dataclass
class Ward:
    """One hospital's paging, driven by hand."""

    engine: AsyncEngine
    settings: PagingSettings = field(default_factory=ward_settings)
    replies: int = 0

    def __post_init__(self) -> None:
        metrics = PagerMetrics(CollectorRegistry())
        rules = Rules(self.settings, StaticRoster(self.settings), channels=(ChannelName.SMS, ChannelName.VOICE))
        journal = Journal(self.engine, BestEffortPublisher(NoEvents(), metrics), metrics)
        self.inbound = Inbound(self.engine, rules, journal, metrics)
        self.escalation = Escalation(self.engine, rules, SteadyClock(), metrics, keys=True)

    async def opens(self, finding: Finding = LVO) -> tuple[str, str]:
        """A finding comes, and its first step is taken; returns incident id and case code."""
        opened = await open_incident(self.engine, finding)
        await self.escalation.round()
        return opened

    async def later(self, incident_id: str) -> None:
        """The next step is due."""
        past = datetime.now(UTC) - timedelta(milliseconds=1)
        async with transaction(self.engine) as connection:
            await connection.execute(
                update(incident_table)
                .where(incident_table.c.incident_id == incident_id, incident_table.c.next_step_at.is_not(None))
                .values(next_step_at=past)
            )
        await self.escalation.round()

    async def replies_with(self, person: str, body: str) -> ReplyResult:
        """Somebody answers by text."""
        self.replies += 1
        sid = f"SM{self.replies:032d}"
        number = PEOPLE.get(person, person)
        result = await self.inbound.record_reply(number, body, message_sid=sid, now=datetime.now(UTC))
        await self.escalation.round()
        return result

    async def presses(self, incident_id: str, person: str, digit: str, *, round_: int = 1) -> KeyResult | None:
        """Somebody presses a key in the newest call to them."""
        row = next(r for r in reversed(await self.rows(incident_id)) if r.channel == "voice" and r.recipient == person)
        nonce = attempt_nonce(row.nonce, "attempt")
        press = KeyPress(page_id=row.page_id, attempt_id="attempt", nonce=nonce, sid="CA1", digit=digit, round=round_)
        return await self.inbound.record_key(press, now=datetime.now(UTC))

    async def fails(self, incident_id: str, channel: str, *, step: int) -> None:
        """What went over a channel at a step cannot arrive."""
        async with transaction(self.engine) as connection:
            chosen = (
                page_outbox.c.incident_id == incident_id,
                page_outbox.c.channel == channel,
                page_outbox.c.step == step,
            )
            await connection.execute(update(page_outbox).where(*chosen).values(state="failed"))
        await self.escalation.round()

    async def was_sent(self, incident_id: str) -> None:
        """Everything that waits was handed to the carrier."""
        async with transaction(self.engine) as connection:
            chosen = (page_outbox.c.incident_id == incident_id, page_outbox.c.state == "pending")
            await connection.execute(
                update(page_outbox).where(*chosen).values(state="accepted", tries=1, accepted_at=datetime.now(UTC))
            )

    async def rows(self, incident_id: str | None) -> list[Row[object]]:
        """The messages about an incident, or those about none, in order of step."""
        about = page_outbox.c.incident_id
        chosen = about.is_(None) if incident_id is None else about == incident_id
        order = (page_outbox.c.created_at, page_outbox.c.step, page_outbox.c.channel, page_outbox.c.recipient)
        async with transaction(self.engine) as connection:
            return list((await connection.execute(select(page_outbox).where(chosen).order_by(*order))).all())

    async def paged(self, incident_id: str) -> list[tuple[int, str, str]]:
        """Step, person and channel of every page of an incident."""
        return [(row.step, row.recipient, row.channel) for row in await self.rows(incident_id)]

    async def incident(self, incident_id: str) -> Incident:
        """How it stands."""
        async with transaction(self.engine) as connection:
            found = await incidents.find(connection, incident_id)
        assert found is not None
        return found

    async def state(self, incident_id: str) -> str:
        """Its state."""
        return (await self.incident(incident_id)).state

    async def notices(self) -> list[Notice]:
        """What stands at the desk."""
        async with transaction(self.engine) as connection:
            return await desk.standing(connection)
