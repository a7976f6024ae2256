"""Does anything of a patient reach a phone, and is every text one segment?

``python -m bench.paging_words --incidents 10000 --json`` makes incidents whose findings hold invented names, record and
accession numbers and birth dates in every field that a model fills with words or numbers, writes everything that goes
out because of them (pages, calls, answers to answers, texts to the ED desk), and looks for them in it. Case code, site,
team and person codes are ours or come from the settings, not from a patient: they are real ones here. ``planted``
counts the incidents whose finding itself is seen to hold a patient by the same search, so that a blind search shows.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from alerting.channels.twilio.twiml import call_twiml
from alerting.core.contacts import ChannelName, Contact
from alerting.core.escalation import Wanted
from alerting.core.notices import Reaction, desk_text, heartbeat_text, reaction_text, test_text, with_mark
from alerting.core.planning import IncidentFacts, plan_pages
from alerting.core.replies import parse_reply
from alerting.core.wording import CaseFacts
from bench.canaries import Patient, invent
from bench.gsm338 import odd_characters, segments
from bench.report import show
from schemas.findings import Finding, FindingState, Location, Measurement, ModelRef, Side, Urgency
from schemas.ids import case_id_of, case_reference, study_uid
from store.desk import NoticeKind

_NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_PERSON = Contact("on-call-neurologist-1", "+447700900001", channels=frozenset(ChannelName))
_CODES = ("lvo", "aaa", "pneumonia", "another")
_SEGMENTS = ("", "M1", "ICA-T", "basilar", "infrarenal", "middle zone")
_SITES = ("", "north", "st-elsewhere-2", "Universitätsklinikum")
_TEAMS = ("stroke", "vascular-surgery-night")
_SHOWN = 20


@dataclass
class Tally:
    """What was written and what was found in it."""

    planted: int = 0
    texts: int = 0
    scripts: int = 0
    segments_max: int = 0
    longest: int = 0
    longest_script: int = 0
    hits: list[str] = field(default_factory=list)
    odd: set[str] = field(default_factory=set)

    def text(self, body: str, patient: Patient) -> None:
        """Judge what goes out as a text message."""
        self.texts += 1
        self.segments_max = max(self.segments_max, segments(body))
        self.longest = max(self.longest, len(body))
        self.odd |= set(odd_characters(body))
        self._look(body, patient)

    def script(self, body: str, patient: Patient) -> None:
        """Judge what goes out as a call."""
        self.scripts += 1
        self.longest_script = max(self.longest_script, len(body))
        self._look(body, patient)

    def _look(self, body: str, patient: Patient) -> None:
        if traces := patient.traces_in(body):
            self.hits.append(f"{traces} in: {body}")


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON document")
    parser.add_argument("--incidents", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    show(run(options.incidents, seed=options.seed), quiet=options.json)


def run(incidents: int, *, seed: int = 1) -> dict[str, Any]:
    """Write everything of so many incidents and report."""
    started, rng, tally = time.perf_counter(), random.Random(seed), Tally()
    for number in range(incidents):
        patient = invent(rng)
        case, finding = _case(rng, number), _finding(rng, patient)
        tally.planted += bool(patient.traces_in(msgspec.json.encode(finding).decode()))
        for body, is_script in _everything(rng, finding, case, patient):
            (tally.script if is_script else tally.text)(body, patient)
    return {
        "incidents": incidents,
        "planted": tally.planted,
        "texts": tally.texts,
        "scripts": tally.scripts,
        "hits": len(tally.hits),
        "first_hits": tally.hits[:_SHOWN],
        "segments_max": tally.segments_max,
        "longest": tally.longest,
        "longest_script": tally.longest_script,
        "outside_gsm7": sorted(tally.odd),
        "seed": seed,
        "seconds": round(time.perf_counter() - started, 2),
    }


def _everything(rng: random.Random, finding: Finding, case: CaseFacts, patient: Patient) -> Iterator[tuple[str, bool]]:
    """What goes out because of an incident, and whether it is a call."""
    for step in (0, rng.randrange(1, 100)):
        for keys in (False, True):
            yield from _pages(finding, case, step=step, keys=keys)
    # Somebody answers with more than the grammar allows: nothing of it may come back.
    answer = parse_reply(f"{rng.choice('123')} {case.reference} {rng.choice(patient.spellings())}")
    for code in {answer.reference, case.reference}:
        for reaction in Reaction:
            yield with_mark(reaction_text(reaction, code=code, who=_PERSON.code), f"{code}/{reaction}"), False
    for kind in NoticeKind:
        told = desk_text(kind, reference=case.reference, team=rng.choice(_TEAMS), who=_PERSON.code)
        yield with_mark(told, f"{case.reference}/{kind}", "D"), False
    yield with_mark(test_text(case.reference), case.reference, "T"), False
    yield with_mark(heartbeat_text(), case.reference, "H"), False


def _pages(finding: Finding, case: CaseFacts, *, step: int, keys: bool) -> Iterator[tuple[str, bool]]:
    facts = IncidentFacts(incident_id=case.reference, finding=finding, case=case, keys=keys)
    wanted = [Wanted(_PERSON, channel) for channel in ChannelName]
    for page in plan_pages(facts, wanted, step=step, due_at=lambda _: _NOW, now=_NOW, new_nonce=str):
        if page.channel is ChannelName.VOICE:
            yield (
                call_twiml(page.body, keys_url="https://codestroke.example/keys" if keys else None, language="en-GB"),
                True,
            )
        else:
            yield page.body, False


def _case(rng: random.Random, number: int) -> CaseFacts:
    return CaseFacts(
        reference=case_reference(case_id_of(b"bench", study_uid(f"1.2.{number}"))),
        arrived_at=_NOW - timedelta(seconds=rng.randrange(1, 60_000)),
        acquired_at=rng.choice((None, _NOW - timedelta(seconds=rng.randrange(1, 60_000)))),
        site=rng.choice(_SITES),
    )


def _finding(rng: random.Random, patient: Patient) -> Finding:
    words = patient.spellings()
    return Finding(
        code=rng.choice(_CODES),
        state=rng.choice(list(FindingState)),
        score=rng.random(),
        urgency=rng.choice(list(Urgency)),
        reason=" ".join(rng.sample(words, 3)),
        location=Location(side=rng.choice(list(Side)), segment=_with_canary(rng, rng.choice(_SEGMENTS), words)),
        measurements=tuple(_measurement(rng, patient, words) for _ in range(rng.randrange(4))),
        model=ModelRef(name=rng.choice(words), version=rng.choice(words), operating_point=rng.choice(words)),
    )


def _measurement(rng: random.Random, patient: Patient, words: Sequence[str]) -> Measurement:
    numbers = (rng.uniform(5, 120), rng.uniform(5, 120), float(patient.record), float(f"{patient.born:%Y%m%d}"))
    return Measurement(
        name=_with_canary(rng, "max_diameter_mm", words),
        value=rng.choice(numbers),
        unit=rng.choice(("mm", "mm", "mm", rng.choice(words))),
        low=float(patient.record),
        method=rng.choice(words),
    )


def _with_canary(rng: random.Random, word: str, words: Sequence[str]) -> str:
    canary = rng.choice(words)
    return rng.choice((word, canary, f"{word} {canary}", f"{canary} {word}"))


if __name__ == "__main__":
    main()
