"""The story of one case: what happened when, and where the time went. Pure; called by the case page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from board import words
from board.rows import CaseRow, PageEventRow
from schemas.ledger import Ledger, Stage, attributed_share


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the story; ``after_s`` counts seconds from arrival, negative before it."""

    at: datetime
    after_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One stage as a bar: start and length in seconds, and both as per cent of the whole."""

    stage: str
    start_s: float
    seconds: float
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class LedgerView:
    """Where the time of one pathway went; ``attributed`` is the share that named stages cover."""

    pathway: str
    total_s: float
    attributed: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class CaseStory:
    """Everything the case page adds to the row."""

    happenings: tuple[Happening, ...]
    ledgers: tuple[LedgerView, ...]


def story_of(case: CaseRow, events: Iterable[PageEventRow]) -> CaseStory:
    """Tell the story of a case, oldest first."""
    told = sorted({*_study_lines(case), *_outcome_lines(case), *_incident_lines(case), *_event_lines(case, events)})
    happenings = (Happening(at, (at - case.arrived_at).total_seconds(), text) for at, text in told)
    ledgers = (
        ledger_view(item.pathway, item.outcome.ledger, case.arrived_at)
        for item in case.pathways
        if item.outcome and item.outcome.ledger
    )
    return CaseStory(tuple(happenings), tuple(ledgers))


def ledger_view(pathway: str, ledger: Ledger, arrived_at: datetime) -> LedgerView:
    """Lay the spans of a ledger out from arrival to the end of the last one."""
    end = max(span.end for span in ledger)
    start = min(arrived_at, *(span.start for span in ledger))
    total = max((end - start).total_seconds(), 1e-6)
    bars = []
    for span in sorted(ledger, key=lambda item: (item.start, item.end)):
        offset = (span.start - start).total_seconds()
        bars.append(
            Bar(
                stage=words.STAGE.get(span.stage, words.STAGE[Stage.UNKNOWN]),
                start_s=offset,
                seconds=span.seconds,
                left=100 * offset / total,
                width=100 * min(span.seconds, total - offset) / total,
            )
        )
    return LedgerView(pathway, total, attributed_share(ledger, arrived_at, end), tuple(bars))


def _study_lines(case: CaseRow) -> Iterator[tuple[datetime, str]]:
    if case.acquired_at:
        yield case.acquired_at, "last image acquired (clock of the modality)"
    yield case.arrived_at, "last image arrived"
    yield case.ready_at, f"study judged complete: {case.readiness}"
    yield case.registered_at, f"case registered, revision {case.revision}"


def _outcome_lines(case: CaseRow) -> Iterator[tuple[datetime, str]]:
    for item in case.pathways:
        if item.eligible:
            yield item.requested_at, f"{item.pathway}: analysis requested"
        if item.outcome:
            outcome = item.outcome.outcome
            finding = outcome.finding
            said = words.finding_words(finding) if finding else words.outcome_words(outcome.kind, outcome.reason)
            late = " (after its deadline)" if item.outcome.late else ""
            yield item.outcome.decided_at, f"{item.pathway}: {said}{late}"


def _incident_lines(case: CaseRow) -> Iterator[tuple[datetime, str]]:
    for incident in case.incidents:
        yield incident.opened_at, f"{incident.team} team to be paged"
        for page in incident.pages:
            to = f"{words.CHANNEL.get(page.channel, page.channel)} to {page.recipient}"
            moments = {"accepted by the carrier": page.accepted_at, "delivered": page.delivered_at}
            yield from ((at, f"{to}: {text}") for text, at in moments.items() if at)
        if incident.acknowledged_at:
            how = f" {words.how(incident.acknowledged_how)}" if incident.acknowledged_how else ""
            yield incident.acknowledged_at, f"acknowledged by {incident.acknowledged_by}{how}"


def _event_lines(case: CaseRow, events: Iterable[PageEventRow]) -> Iterator[tuple[datetime, str]]:
    pages = {page.page_id: page for incident in case.incidents for page in incident.pages}
    for event in events:
        if event.kind not in words.TOLD_BY_COLUMNS:
            page = pages.get(event.page_id or "")
            to = f"page to {page.recipient}: " if page else ""
            yield event.at, f"{to}{words.PAGE_EVENT.get(event.kind, words.why(event.kind))}{_more(event)}"


def _more(event: PageEventRow) -> str:
    """Which step was taken, or who answered how."""
    if event.kind == "incident.step_due" and event.step is not None:
        return f" (step {event.step + 1})"
    person, by, channel = event.why.partition(" by ")
    return f" by {person} {words.how(channel)}" if by else ""
