"""Builders for tests that kill pagers: scenarios of one fault, and a played seed made by hand for the verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from alerting.core.pages import PageState
from bench.paging_lives import Deaths
from bench.paging_play import Played
from bench.paging_seeds import KillPoint, Scenario, calm
from schemas.findings import Finding, FindingState, Urgency
from schemas.ids import CaseId
from simulator.carrier.ledger import Entry
from simulator.carrier.settings import Fault, FaultSettings
from store.incidents import Incident
from store.outbox import PageTimes

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
REFERENCE = "K7FQ"
PERSON, NUMBER = next(iter(calm().numbers.items()))
_TIMES = dict.fromkeys(("sent_at", "accepted_at", "delivered_at", "acknowledged_at"))


def one_fault(
    fault: Fault, *, list_lag_s: float = 0.2, kills: tuple[tuple[KillPoint, ...], ...] = ((), ())
) -> Scenario:
    """One incident for one person who answers soon; the first request meets ``fault``."""
    faults = FaultSettings(script=(fault,), hang_s=1.6)
    return replace(calm(), opens_at_s=(0.0,), faults=faults, list_lag_s=list_lag_s, kills=kills)


def entry(mark: str = f"#{REFERENCE}-LVO0", channel: str = "sms", *, sequence: int = 1) -> Entry:
    """Something that the carrier accepted."""
    return Entry(
        sequence=sequence,
        channel=channel,
        sid=f"SM{sequence}",
        to=NUMBER,
        reference=mark,
        body="",
        accepted_at=NOW,
        fault=Fault.NONE,
    )


def page(channel: str = "sms", state: PageState = PageState.DELIVERED, *, flagged: bool = False) -> PageTimes:
    """A page of the first step."""
    return PageTimes(
        page_id=channel,
        kind="page",
        incident_id="i1",
        case_id="c1",
        recipient=PERSON,
        channel=channel,
        step=0,
        body=f"words #{REFERENCE}-LVO0",
        state=state,
        possible_duplicate=flagged,
        tries=1,
        last_error="",
        created_at=NOW,
        **_TIMES,
    )


def played(
    pages: tuple[PageTimes, ...], entries: tuple[Entry, ...], *, state: str = "acknowledged", **more: object
) -> Played:
    """A seed of one incident, as it was found."""
    incident = Incident(
        incident_id="i1",
        case_id=CaseId("c1"),
        reference=REFERENCE,
        pathway="stroke",
        code="lvo",
        urgency=Urgency.EMERGENCY,
        team="stroke",
        state=state,
        finding=Finding(code="lvo", state=FindingState.DETECTED),
        opened_at=NOW,
    )
    found: dict[str, object] = {
        "opted_out": frozenset(),
        "answered": frozenset(),
        "not_due": frozenset(),
        "taken": frozenset(),
        "events": (),
        "deaths": Deaths(),
        "faults": Counter(),
        "seconds": 1.0,
        "quiet": True,
        **more,
    }
    return Played(scenario=calm(), entries=entries, incidents=(incident,), pages=pages, **found)  # type: ignore[arg-type]  # fields by name
