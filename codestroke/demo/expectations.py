"""Whether a played shift ended as its script says. Pure: shift and account in, unmet expectations out."""

from __future__ import annotations

from codestroke.demo.account import Account, CaseAccount, PathwayAccount
from simulator.shift import Arrival, Shift


def unmet(shift: Shift, account: Account) -> list[str]:
    """Every expectation of the script that was not met, in words."""
    by_uid = {case.study_uid: case for case in account.cases}
    found = []
    for arrival in shift.arrivals:
        case = by_uid.get(arrival.order.study_uid)
        if case is not None:
            found += [f"{arrival.name}: {what}" for what in _unmet(arrival, case)]
    return found + _first_is_the_occlusion(shift, by_uid)


def _unmet(arrival: Arrival, case: CaseAccount) -> list[str]:
    expected = arrival.expected
    item = next((item for item in case.pathways if item.pathway == expected.pathway), None)
    if item is None or item.outcome is None:
        return [f"no outcome on {expected.pathway}"]
    wrong = []
    if item.outcome.kind is not expected.outcome:
        wrong.append(f"{item.outcome.kind} ({item.outcome.reason}) instead of {expected.outcome}")
    finding = item.outcome.finding
    if expected.finding is not None and (finding is None or finding.state is not expected.finding):
        wrong.append(f"{finding.state if finding else 'no finding'} instead of {expected.finding}")
    return wrong + _side(arrival, item) + _pages(arrival, case)


def _side(arrival: Arrival, item: PathwayAccount) -> list[str]:
    finding = item.outcome.finding if item.outcome else None
    if arrival.expected.side is None or finding is None or finding.location.side is arrival.expected.side:
        return []
    return [f"on the {finding.location.side or 'unknown'} side instead of {arrival.expected.side}"]


def _pages(arrival: Arrival, case: CaseAccount) -> list[str]:
    if arrival.expected.pages and not any(item.state == "acknowledged" for item in case.incidents):
        return ["nobody acknowledged a page"]
    if not arrival.expected.pages and case.pages:
        return ["somebody was paged"]
    return []


def _first_is_the_occlusion(shift: Shift, by_uid: dict[str, CaseAccount]) -> list[str]:
    stroke = [item for item in shift.arrivals if item.expected.pages and item.expected.pathway == "stroke"]
    first = [by_uid[item.order.study_uid].rank for item in stroke if item.order.study_uid in by_uid]
    return (
        []
        if not stroke or not shift.occlusion_leads or 1 in first
        else [f"the occlusion ranks {first} instead of first"]
    )
