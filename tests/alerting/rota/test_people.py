"""Whom an event names: by address, else by the whole name, never by a guess."""

from __future__ import annotations

import pytest

from alerting.rota.occurrences import Occurrence, ProblemKind, Reading
from alerting.rota.people import Named, People, shifts_of
from alerting.settings import ContactSettings
from tests.alerting.rota.calendars import CONTACTS, utc

START, END = utc("2027-03-01 08:00"), utc("2027-03-01 20:00")
PEOPLE = People.of([ContactSettings.model_validate(each) for each in CONTACTS])


def says(summary: str, *attendees: str) -> Occurrence:
    return Occurrence(START, END, summary, attendees)


@pytest.mark.parametrize(
    ("event", "codes"),
    [
        (says("whatever", "mailto:ann@example.org"), ("ann",)),
        (says("Bob", "MAILTO:Ann@Example.ORG"), ("ann",)),
        (says("On Call - Ann Alder - Stroke", "ann@example.org"), ("ann",)),
        (says("cat", "mailto:desk@example.org"), ("cat",)),
        (says("ann"), ("ann",)),
        (says("  ANN   alder "), ("ann",)),
        (says("Birch, Bob"), ("bob",)),
        (says("On call: Birch, Bob"), ("bob",)),
        (says("On-call: dr birch"), ("bob",)),
        (says("oncall \N{EN DASH} cc"), ("cat",)),
        (says("On Call - Ann Alder - Stroke team"), ("ann",)),
        (says("On Call - Ann Alder, CC - Stroke team"), ("ann", "cat")),
        (says("Ann Alder On-Call (GoAlert: Stroke)"), ("ann",)),
        (says("[Layer 1] Ann Alder on call"), ("ann",)),
        (says("On call: ann, bob"), ("ann", "bob")),
        (says("ann/bob & CC"), ("ann", "bob", "cat")),
        (says("Ann Alder and Dr Birch"), ("ann", "bob")),
        (says("Ann"), ("ann",)),
        (says("Annabel"), ()),
        (says("Alder"), ()),
        (says("Handover meeting with Ann Alder"), ()),
        (says("On-Call (GoAlert: Stroke)"), ()),
        (says(""), ()),
    ],
)
def test_an_event_names(event: Occurrence, codes: tuple[str, ...]) -> None:
    assert PEOPLE.named_by(event).codes == codes


def test_a_part_that_nobody_knows_is_told_beside_the_known_one() -> None:
    assert PEOPLE.named_by(says("On call: ann, Dr Who")) == Named(("ann",), ("Dr Who",))


def test_a_name_that_two_contacts_share_is_nobodys() -> None:
    twins = [{**CONTACTS[0], "code": code, "aliases": [code], "email": ""} for code in ("a1", "a2")]
    people = People.of([ContactSettings.model_validate(each) for each in twins])
    assert people.named_by(says("Ann Alder")) == Named((), (), ("Ann Alder",))
    assert people.named_by(says("a1")).codes == ("a1",)


@pytest.mark.parametrize(
    ("summary", "kinds"),
    [
        ("ann", []),
        ("Dr Who", [ProblemKind.NOBODY_KNOWN]),
        ("", [ProblemKind.NOBODY_KNOWN]),
        ("ann, Dr Who", [ProblemKind.PARTLY_KNOWN]),
    ],
)
def test_what_names_nobody_known_is_a_problem(summary: str, kinds: list[ProblemKind]) -> None:
    shifts, problems = shifts_of(Reading(START, END, "UTC", (says(summary),)), PEOPLE)
    assert [problem.kind for problem in problems] == kinds
    assert [shift.person for shift in shifts] == (["ann"] if summary.startswith("ann") else [])
