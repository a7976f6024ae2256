"""The invariants of the design, judged over an account. Pure: account in, broken invariants out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from codestroke.demo.account import Account, CaseAccount
from schemas.findings import FindingState, OutcomeKind
from schemas.priorities import Priority
from streams.core.ranking import HIGH_TIER, ROUTINE_TIER, STAT_TIER
from streams.core.states import CaseState

_TIERS = {Priority.STAT: STAT_TIER, Priority.HIGH: HIGH_TIER}
_QUIET = {CaseState.NOT_FLAGGED, CaseState.NOT_APPLICABLE}


def broken(account: Account, sent: Iterable[str]) -> list[str]:
    """Every invariant that does not hold, in words; ``sent`` are the StudyInstanceUIDs that were sent."""
    found = [f"lost: study never became a case ({count})" for count in [len(lost_studies(account, sent))] if count]
    for case in account.cases:
        found += [f"{case.reference}: {what}" for what in (*_accounted(case, account), *_ranked(case), *_shown(case))]
    found += [f"doubled: {count} messages beyond the first" for count in [doubled(account)] if count]
    if account.audit_break is not None:
        found.append(f"audit chain broken at row {account.audit_break}")
    return found


def lost_studies(account: Account, sent: Iterable[str]) -> set[str]:
    """Studies that were sent and are in no register."""
    return set(sent) - {case.study_uid for case in account.cases}


def lost(account: Account, sent: Iterable[str]) -> int:
    """Studies without a case, eligible pathways past their deadline without an outcome, pages lost."""
    pathways = sum(
        item.eligible and item.outcome is None and item.deadline < account.at
        for case in account.cases
        for item in case.pathways
    )
    return len(lost_studies(account, sent)) + pathways + len(lost_pages(account))


def lost_pages(account: Account) -> list[str]:
    """Incidents of which no page was ever accepted although somebody was to be paged, and pages left undecided.

    A page that failed is not lost where the escalation went on; one that was taken back was not needed.
    """
    opened = [incident for case in account.cases for incident in case.incidents]
    paged = [item for item in opened if item.state not in {"muted", "silenced"}]
    unheard = [item.incident_id for item in paged if not any(page.accepted_at for page in item.pages)]
    waiting = [
        page.page_id
        for item in paged
        for page in item.pages
        if page.accepted_at is None and page.state in {"pending", "sending"}
    ]
    return unheard + waiting


def doubled(account: Account) -> int:
    """Messages and calls beyond the first per phone, channel and page mark, by the carrier's own ledger."""
    counts = Counter((entry["to"], entry["channel"], entry["reference"]) for entry in account.ledger_entries)
    return sum(count - 1 for count in counts.values())


def unpaged(account: Account) -> list[str]:
    """Pages that the store calls accepted but the carrier's ledger does not know."""
    heard = {(entry["channel"], entry["reference"]) for entry in account.ledger_entries}
    accepted = [page for case in account.cases for page in case.pages if page.accepted_at]
    return [page.page_id for page in accepted if not any(c == page.channel and mark in page.body for c, mark in heard)]


def canaries_in(texts: Iterable[str], canaries: Sequence[str]) -> list[str]:
    """Planted patient strings that stand in any text."""
    hits = set()
    for text in texts:
        hits |= {canary for canary in canaries if canary and canary in text}
    return sorted(hits)


def _accounted(case: CaseAccount, account: Account) -> list[str]:
    wrong = [
        f"{item.pathway} has no outcome although its deadline passed"
        for item in case.pathways
        if item.eligible and item.outcome is None and item.deadline < account.at
    ]
    if not any(item.eligible for item in case.pathways) and not all(item.outcome for item in case.pathways):
        wrong.append("no pathway applies, and not every pathway says so")
    return wrong


def _ranked(case: CaseAccount) -> list[str]:
    if case.rank is None:
        return ["is not on the worklist"]
    wrong = []
    if case.tier > _TIERS.get(case.priority, ROUTINE_TIER):
        wrong.append("ranks below its human priority")
    if not case.rank_reason:
        wrong.append("has a rank without a reason")
    return wrong


def _shown(case: CaseAccount) -> list[str]:
    outcomes = [item.outcome for item in case.pathways if item.outcome is not None]
    failed = any(outcome.kind is OutcomeKind.FAILED for outcome in outcomes)
    flagged = any(outcome.finding and outcome.finding.state is FindingState.DETECTED for outcome in outcomes)
    if failed and not flagged and case.state != CaseState.NOT_ANALYSED:
        return [f"failed but shown as {case.state}"]
    if failed and case.state in _QUIET:
        return ["not analysed looks like normal"]
    return []
