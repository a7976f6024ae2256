"""``codestroke page test``: page one person for a test and watch it until it is answered.

The running pager sends it, over the way that a page would take; this command writes the test and reads what becomes of
it. Numbers are never shown. A test that no pager took within the wait is taken back.
"""

from __future__ import annotations

import asyncio
import enum
import getpass
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

import cyclopts
from prometheus_client import CollectorRegistry
from rich.console import Console
from rich.markup import escape
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.core.contacts import ChannelName, Contact
from alerting.core.pages import PageState
from alerting.pager import tests_of_people
from alerting.pager.clock import SteadyClock
from alerting.pager.journal import Journal
from alerting.pager.metrics import PagerMetrics
from alerting.pager.publishing import BestEffortPublisher, NoEvents
from alerting.pager.tests_of_people import PersonTest
from alerting.roster import StaticRoster
from codestroke.commands.rota import NOTICE
from codestroke.logs import configure
from codestroke.settings import Settings, load_settings
from schemas.errors import BadSettings
from store import phones
from store.engine import open_engine, transaction
from store.phones import Phone

app = cyclopts.App(name="page", help="Test pages. Research software, not a medical device.")
EXIT_NOT_REACHED = 1
_POLL_S = 0.25
AsJson = Annotated[bool, cyclopts.Parameter(name="--json", negative=())]
Wait = Annotated[float, cyclopts.Parameter(validator=cyclopts.validators.Number(gte=1, lte=600))]
_STAGES = ("taken_at", "accepted_at", "delivered_at", "answered_at")
_WORDS = {
    "taken_at": "taken by a pager",
    "accepted_at": "accepted by the provider",
    "delivered_at": "delivered to the phone",
    "answered_at": "answered",
}


class TestResult(enum.StrEnum):
    """How far a test came within the wait."""

    ANSWERED = "answered"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    """The provider has it; whether the phone has it is not known (yet)."""
    FAILED = "failed"
    UNDER_WAY = "under_way"
    """A pager took it; the provider has not confirmed it."""
    NOT_TAKEN = "not_taken"
    """No pager took it: none runs, or none on this database."""


_REACHED = frozenset({TestResult.ANSWERED, TestResult.DELIVERED})
_ADVICE = {
    TestResult.NOT_TAKEN: "No pager took it within the wait: is a pager running on this database? It is withdrawn.",
    TestResult.UNDER_WAY: "A pager took it, but the provider has not confirmed it yet.",
    TestResult.ACCEPTED: "The provider has it; that the phone has it was not confirmed within the wait.",
    TestResult.FAILED: "It will not arrive.",
    TestResult.DELIVERED: "The phone has it; nobody answered within the wait.",
    TestResult.ANSWERED: "The path works both ways.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be tested."""

    person: Contact
    channel: ChannelName
    keys: bool
    by: str
    wait_s: float


@app.command(name="test")
def person_test(
    person: str,
    *,
    channel: ChannelName = ChannelName.SMS,
    wait: Wait = 60.0,
    by: str | None = None,
    as_json: AsJson = False,
) -> None:
    """Page a person for a test and show when it was accepted, delivered and answered.

    Ends with status 1 where the person was not reached. The test goes out although the person's team is silenced or
    the person is off call; it is about no case and its answer changes none. A person who answered STOP must answer
    START first; what was paged meanwhile is not sent again after it.

    Args:
        person: code of a contact.
        channel: sms, voice or message. A call's keys need paging.mode = webhook.
        wait: seconds to watch, at most 600.
        by: who asks for it, for the audit log; your user name unless given.
        as_json: one JSON document instead of lines.
    """
    settings = load_settings()
    configure(settings.log)
    contact = _contact(settings, person, channel)
    keys = settings.paging.callback_base is not None
    asked = Asked(person=contact, channel=channel, keys=keys, by=by or getpass.getuser(), wait_s=wait)
    console = Console(stderr=as_json)
    report = asyncio.run(_run(settings, asked, lambda line: console.print(escape(line), soft_wrap=True)))
    if as_json:
        print(json.dumps(report))  # noqa: T201  # a document for machines
    sys.exit(0 if _is_reached(report) else EXIT_NOT_REACHED)


async def _run(settings: Settings, asked: Asked, say: Callable[[str], None]) -> dict[str, Any]:
    engine = open_engine(settings.store)
    try:
        return await page_for_test(engine, asked, say)
    finally:
        await engine.dispose()


async def page_for_test(engine: AsyncEngine, asked: Asked, say: Callable[[str], None]) -> dict[str, Any]:
    """Write the test, watch it, take it back where nobody took it; return the report.

    Raises:
        PeerUnavailable: PostgreSQL does not answer.
    """
    async with transaction(engine) as connection:
        now = await SteadyClock().now(connection)
        known = await phones.all_of(connection, [asked.person.code])
        made = await tests_of_people.ask(
            connection, asked.person, channel=asked.channel, keys=asked.keys, by=asked.by, now=now
        )
    before = next((phone for phone in known if phone.channel == asked.channel), None)
    for line in _opening(asked, made, before, now):
        say(line)
    last = await _watch(engine, made, asked.wait_s, say)
    if last.state == PageState.PENDING and last.tries == 0:
        last = await _withdraw(engine, last)
    result = result_of(last)
    say(_ADVICE[result])
    return _report(asked, last, before, result)


def result_of(made: PersonTest) -> TestResult:
    """How far a test came."""
    if made.answered_at is not None:
        return TestResult.ANSWERED
    states = {
        PageState.DELIVERED: TestResult.DELIVERED,
        PageState.ACCEPTED: TestResult.ACCEPTED,
        PageState.FAILED: TestResult.FAILED,
    }
    return states.get(PageState(made.state), TestResult.UNDER_WAY if made.tries else TestResult.NOT_TAKEN)


def _contact(settings: Settings, code: str, channel: ChannelName) -> Contact:
    person = StaticRoster(settings.paging).contact(code)
    if person is None:
        known = ", ".join(contact.code for contact in settings.paging.contacts) or "none"
        raise BadSettings(f"paging.contacts has no {code}; known are {known}")
    if channel not in person.channels:
        raise BadSettings(f"{code} cannot be reached by {channel}: the contact has no message_url")
    return person


def _opening(asked: Asked, made: PersonTest, before: Phone | None, now: datetime) -> list[str]:
    lines = [f"test of {asked.person.code} by {asked.channel}, code {made.reference}. {NOTICE}", _last(before, now)]
    if before is not None and before.is_opted_out:
        lines.append("This phone answered STOP: the carrier refuses our messages until it answers START.")
    if asked.channel is ChannelName.VOICE and not asked.keys:
        lines.append("Keys need paging.mode = webhook: the call asks for an answer by text message.")
    return lines


def _last(before: Phone | None, now: datetime) -> str:
    last = _last_success(before)
    if last is None:
        return "last successful page to this phone: none known"
    return f"last successful page to this phone: {last.isoformat()} ({_hours(now, last)} ago)"


def _last_success(before: Phone | None) -> datetime | None:
    """When the phone last had a page; over a channel without receipts, when the provider last took one."""
    if before is None:
        return None
    return before.accepted_at if before.channel == ChannelName.MESSAGE else before.delivered_at


def _hours(now: datetime, then: datetime) -> str:
    hours = (now - then).total_seconds() / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"  # noqa: PLR2004  # two days


async def _watch(engine: AsyncEngine, made: PersonTest, wait_s: float, say: Callable[[str], None]) -> PersonTest:
    """Read the test until it is over or the wait is, saying each stage once."""
    end, said, last = time.monotonic() + wait_s, set[str](), made
    while time.monotonic() < end and last.answered_at is None and last.state != PageState.FAILED:
        await asyncio.sleep(_POLL_S)
        async with transaction(engine) as connection:
            last = await tests_of_people.read(connection, made.page_id)
        for stage, after_s in _stages(last).items():
            if after_s is not None and stage not in said:
                said.add(stage)
                say(f"{after_s:7.2f} s  {_WORDS[stage]}")
    return last


async def _withdraw(engine: AsyncEngine, made: PersonTest) -> PersonTest:
    metrics = PagerMetrics(CollectorRegistry())
    journal = Journal(engine, BestEffortPublisher(NoEvents(), metrics), metrics, actor="command line")
    async with transaction(engine) as connection:
        now = await SteadyClock().now(connection)
    if await tests_of_people.withdraw(engine, journal, made.page_id, now=now):
        return replace(made, state=PageState.CANCELLED)
    async with transaction(engine) as connection:
        return await tests_of_people.read(connection, made.page_id)


def _stages(made: PersonTest) -> Mapping[str, float | None]:
    """Seconds from the writing of the test to each stage."""
    at = (made.claimed_at, made.accepted_at, made.delivered_at, made.answered_at)
    took = (None if each is None else (each - made.created_at).total_seconds() for each in at)
    return dict(zip(_STAGES, took, strict=True))


def _report(asked: Asked, made: PersonTest, before: Phone | None, result: TestResult) -> dict[str, Any]:
    last = _last_success(before)
    return {
        "notice": NOTICE,
        "person": asked.person.code,
        "channel": str(asked.channel),
        "code": made.reference,
        "asked_at": made.created_at.isoformat(),
        "after_s": {stage.removesuffix("_at"): after_s for stage, after_s in _stages(made).items()},
        "answer": made.answer,
        "result": str(result),
        "error": made.last_error,
        "possible_duplicate": made.possible_duplicate,
        "advice": _ADVICE[result],
        "last_success_at": last.isoformat() if last else None,
    }


def _is_reached(report: Mapping[str, Any]) -> bool:
    """Over a channel without receipts that the provider has it is all that can be known."""
    without_receipts = report["channel"] == ChannelName.MESSAGE and report["result"] == TestResult.ACCEPTED
    return report["result"] in _REACHED or without_receipts
