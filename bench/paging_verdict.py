"""Was anybody lost, was anybody paged twice? Judged by the carrier's ledger; pure.

Who calls it: ``bench.paging_runs`` and the tests, with what ``bench.paging_play`` found. What had to be sent is read
from the pagers' outbox and, apart from it, from the scenario: the first step of every incident, and all steps of one
that nobody answered. What was sent is read from the ledger alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from alerting.core.incidents import IncidentState
from alerting.core.pages import PageState
from alerting.core.wording import marker_in, marker_of
from bench.paging_play import Played
from simulator.carrier.settings import PhoneCall
from store.incidents import Incident
from store.outbox import PageTimes

Key = tuple[str, str, str]
"""Number, mark, channel: one thing that one phone may feel once."""
_SILENT_CALLS = frozenset({PhoneCall.NONE, PhoneCall.BUSY, PhoneCall.VOICEMAIL})
_SILENT_TEXTS = frozenset({None, "what is this"})
_OUTCOMES = frozenset({"accepted", "put_off", "in_doubt", "rejected"})
_SMS = "sms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The verdict on one seed; ``lost`` and ``doubled`` are in words."""

    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    possible_duplicates: int
    ambiguous: int
    """Attempts of which the pager could not know at once whether the provider had them."""
    unfinished: tuple[str, ...]
    first_page_s: tuple[float, ...] = field(default=())
    """For each incident, from its opening to the first acceptance of a page."""

    @property
    def is_good(self) -> bool:
        """Nothing lost, nobody paged twice, every incident ended."""
        return not (self.lost or self.doubled or self.unfinished)


def judge(played: Played) -> Judged:
    """Judge a seed."""
    counts = Counter((entry.to, entry.reference, entry.channel) for entry in played.entries)
    flagged = {_key(played, page) for page in played.pages if page.possible_duplicate}
    extra = {key: count - 1 for key, count in counts.items() if count > 1}
    return Judged(
        lost=(*_lost_pages(played, counts), *_never_planned(played, counts)),
        doubled=tuple(f"{mark} {channel}: {extra[to, mark, channel]} too many" for to, mark, channel in extra
                      if (to, mark, channel) not in flagged),
        possible_duplicates=sum(count for key, count in extra.items() if key in flagged),
        ambiguous=_ambiguous(played),
        unfinished=tuple(
            f"{incident.reference}: {incident.state}"
            for incident in played.incidents
            if incident.state == IncidentState.OPEN
        ),
        first_page_s=tuple(_first_page_s(played)),
    )  # fmt: skip


def _key(played: Played, page: PageTimes) -> Key:
    return played.scenario.numbers[page.recipient], marker_in(page.body) or page.body, page.channel


def _lost_pages(played: Played, counts: Counter[Key]) -> Iterator[str]:
    """Pages that the pagers planned and that no phone could feel."""
    states = {incident.incident_id: incident.state for incident in played.incidents}
    for page in played.pages:
        key = _key(played, page)
        if (
            counts[key]
            or page.page_id in played.not_due
            or _is_excused(played, page, states.get(page.incident_id or ""), counts)
        ):
            continue
        of = states.get(page.incident_id or "", page.kind)
        yield f"{key[1]} {page.channel} to {page.recipient} is {page.state} ({page.last_error or 'no error'}); {of}"


def _is_excused(played: Played, page: PageTimes, incident_state: str | None, counts: Counter[Key]) -> bool:
    not_needed = incident_state in {IncidentState.ACKNOWLEDGED, IncidentState.DECLINED}
    not_needed |= (page.incident_id or "", page.recipient) in played.answered
    if page.state == PageState.CANCELLED:
        return not_needed or page.incident_id in played.taken
    number = played.scenario.numbers[page.recipient]
    if number in played.opted_out and page.channel == _SMS:
        return True
    if not page.possible_duplicate:
        return False
    # Given up in doubt: another channel had to be taken, unless nobody needed that any more.
    return not_needed or any(
        counts[_key(played, other)]
        for other in played.pages
        if (other.incident_id, other.recipient, other.step) == (page.incident_id, page.recipient, page.step)
    )


def _never_planned(played: Played, counts: Counter[Key]) -> Iterator[str]:
    """What the policy asked for and the pagers never wrote down: judged without their outbox."""
    planned = {_key(played, page) for page in played.pages}
    for incident in played.incidents:
        for key in _must_have_been_paged(played, incident):
            if key not in planned and not counts[key] and key[0] not in played.opted_out:
                yield f"{key[1]} {key[2]} was never planned"


def _must_have_been_paged(played: Played, incident: Incident) -> Iterator[Key]:
    scenario = played.scenario
    steps = scenario.paging(None).policies["short"].steps
    silent = {
        phone.number for phone in scenario.phones if phone.answer in _SILENT_TEXTS and phone.call in _SILENT_CALLS
    }
    for index, step in enumerate(steps):
        if index > 0 and incident.state != IncidentState.EXHAUSTED:
            return
        tiers = scenario.tiers
        codes = sum(tiers, ()) if step.tier == "everyone" else tiers[min(step.tier, len(tiers)) - 1]
        for number in (scenario.numbers[code] for code in codes):
            mark = marker_of(incident.reference, incident.code, index)
            yield from ((number, mark, channel) for channel in step.channels if index == 0 or number in silent)


def _ambiguous(played: Played) -> int:
    """Attempts in doubt, and claims of which nothing more was heard: their pager died."""
    keys = {kind: {key.rsplit("/", 1)[0] for found, key in played.events if found == kind}
            for kind in ("claimed", *_OUTCOMES)}  # fmt: skip
    heard = set().union(*(keys[kind] for kind in _OUTCOMES))
    return len(keys["in_doubt"]) + len(keys["claimed"] - heard)


def _first_page_s(played: Played) -> Iterator[float]:
    for incident in played.incidents:
        mark = marker_of(incident.reference, incident.code, 0)
        accepted = [entry.accepted_at for entry in played.entries if entry.reference == mark]
        if accepted:
            yield (min(accepted) - incident.opened_at).total_seconds()
