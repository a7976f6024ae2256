"""Calendars of every shape, to the instant; both nights of the clock change on both sides of the Atlantic."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.rota import reading
from alerting.rota.occurrences import LARGEST_BYTES, BadCalendar, ProblemKind
from tests.alerting.rota.calendars import BERLIN, NEW_YORK, calendar, event, read_around, spans, utc

NIGHTLY = ("RRULE:FREQ=DAILY",)
CUSTOM_ZONE = "\r\n".join(
    [
        "BEGIN:VTIMEZONE", "TZID:Hospital", "BEGIN:STANDARD", "DTSTART:19701025T030000",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "END:STANDARD",
        "BEGIN:DAYLIGHT", "DTSTART:19700329T020000", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "END:DAYLIGHT", "END:VTIMEZONE",
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        # Clocks go forward at 01:00 UTC on 2027-03-28 in Berlin, and back at 01:00 UTC on 2027-10-31.
        (BERLIN, "2027-03-27", ("2027-03-27 19:00", "2027-03-28 06:00")),
        (BERLIN, "2027-03-28", ("2027-03-28 18:00", "2027-03-29 06:00")),
        (BERLIN, "2027-10-30", ("2027-10-30 18:00", "2027-10-31 07:00")),
        (BERLIN, "2027-10-31", ("2027-10-31 19:00", "2027-11-01 07:00")),
        # New York: forward at 07:00 UTC on 2027-03-14, back at 06:00 UTC on 2027-11-07.
        (NEW_YORK, "2027-03-13", ("2027-03-14 01:00", "2027-03-14 12:00")),
        (NEW_YORK, "2027-03-14", ("2027-03-15 00:00", "2027-03-15 12:00")),
        (NEW_YORK, "2027-11-06", ("2027-11-07 00:00", "2027-11-07 13:00")),
        (NEW_YORK, "2027-11-07", ("2027-11-08 01:00", "2027-11-08 13:00")),
    ],
)
@pytest.mark.parametrize("how", ["tzid", "x-wr-timezone", "setting"])
def test_a_nightly_shift_keeps_its_time_of_day_through_the_clock_change(
    zone: str, day: str, expected: tuple[str, str], how: str
) -> None:
    tzid = f";TZID={zone}" if how == "tzid" else ""
    shift = event(f"DTSTART{tzid}:20270101T200000", f"DTEND{tzid}:20270102T080000", *NIGHTLY)
    text = calendar(*([f"X-WR-TIMEZONE:{zone}"] if how == "x-wr-timezone" else []), shift)
    after = utc(f"{day} 12:00") + timedelta(days=1)
    found = read_around(text, f"{day} 15:00", f"{after:%Y-%m-%d %H:%M}", zone=zone if how == "setting" else "UTC")
    assert spans(found) == [expected]


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("20270328T023000", "2027-03-28 01:30"),  # does not exist: the offset before the gap, +01:00
        ("20271031T023000", "2027-10-31 00:30"),  # comes twice: the first, +02:00
    ],
)
def test_a_local_time_that_is_skipped_or_doubled_is_read_as_rfc_5545_says(local: str, expected: str) -> None:
    day = f"{local[:4]}-{local[4:6]}-{local[6:8]}"
    text = calendar(event(f"DTSTART;TZID={BERLIN}:{local}", f"DTEND;TZID={BERLIN}:{local[:8]}T120000"))
    assert spans(read_around(text, f"{day} 00:00", f"{day} 23:00"))[0][0] == expected


@pytest.mark.parametrize(
    ("length", "end"),
    [("PT12H", "2027-03-28 07:00"), ("P1D", "2027-03-28 18:00")],
)
def test_hours_are_exact_and_days_end_at_the_same_time_of_day(length: str, end: str) -> None:
    text = calendar(event(f"DTSTART;TZID={BERLIN}:20270327T200000", f"DURATION:{length}"))
    assert spans(read_around(text, "2027-03-27 00:00", "2027-03-29 00:00")) == [("2027-03-27 19:00", end)]


def test_a_whole_day_is_from_midnight_to_midnight_of_the_calendars_zone() -> None:
    text = calendar(f"X-WR-TIMEZONE:{BERLIN}", event("DTSTART;VALUE=DATE:20270328", "TRANSP:TRANSPARENT"))
    assert spans(read_around(text, "2027-03-28 00:00", "2027-03-29 00:00")) == [
        ("2027-03-27 23:00", "2027-03-28 22:00")
    ]


def test_a_zone_that_the_calendar_defines_itself_is_used() -> None:
    text = calendar(CUSTOM_ZONE, event("DTSTART;TZID=Hospital:20270327T200000", "DTEND;TZID=Hospital:20270328T080000"))
    assert spans(read_around(text, "2027-03-27 00:00", "2027-03-29 00:00")) == [
        ("2027-03-27 19:00", "2027-03-28 06:00")
    ]


def test_outlooks_names_of_zones_are_known() -> None:
    zone = ";TZID=W. Europe Standard Time"
    text = calendar(event(f"DTSTART{zone}:20270701T080000", f"DTEND{zone}:20270701T200000"))
    assert spans(read_around(text, "2027-07-01 00:00", "2027-07-02 00:00")) == [
        ("2027-07-01 06:00", "2027-07-01 18:00")
    ]


def test_rules_exceptions_changes_and_cancellations() -> None:
    z = f";TZID={BERLIN}"
    text = calendar(
        event(f"DTSTART{z}:20270301T080000", f"DTEND{z}:20270301T200000", "RRULE:FREQ=DAILY;COUNT=5",
              f"EXDATE{z}:20270302T080000"),
        event(f"RECURRENCE-ID{z}:20270303T080000", f"DTSTART{z}:20270303T100000", f"DTEND{z}:20270303T200000",
              summary="bob"),
        event(f"RECURRENCE-ID{z}:20270304T080000", f"DTSTART{z}:20270304T080000", f"DTEND{z}:20270304T200000",
              "STATUS:CANCELLED"),
    )  # fmt: skip
    found = read_around(text, "2027-02-01 00:00", "2027-04-01 00:00")
    told = [(each.summary, start) for each, (start, _) in zip(found.occurrences, spans(found), strict=True)]
    assert told == [("ann", "2027-03-01 07:00"), ("bob", "2027-03-03 09:00"), ("ann", "2027-03-05 07:00")]


def test_an_event_that_began_before_the_window_and_runs_into_it_is_there() -> None:
    text = calendar(event("DTSTART:20270101T000000Z", "DTEND:20270601T000000Z"))
    assert len(read_around(text, "2027-03-01 00:00", "2027-03-02 00:00").occurrences) == 1
    assert read_around(text, "2027-06-01 00:00", "2027-06-02 00:00").occurrences == ()


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (("DTSTART:yesterday",), ProblemKind.UNREADABLE),
        ((), ProblemKind.UNREADABLE),
        (("DTSTART;TZID=Europe/Berlin:00010101T000000", "DTEND:20270301T090000Z"), ProblemKind.UNREADABLE),
        (("DTSTART;VALUE=TIME:080000",), ProblemKind.UNREADABLE),
        (("DTSTART:20270301T080000Z", "DTSTART:20270301T080000Z"), ProblemKind.UNREADABLE),
        (("DTSTART:20270301T080000Z", "DTEND:20270301T090000Z", "RRULE:FREQ=OFTEN"), ProblemKind.UNREADABLE),
        (("DTSTART:20270301T080000Z", "DTEND:20270301T090000Z", "RRULE:FREQ=DAILY;BYSETPOS=0"), ProblemKind.UNREADABLE),
        (("DTSTART:20270301T080000Z", "DTEND:20270301T090000Z", "RRULE:FREQ=DAILY;INTERVAL=0"), ProblemKind.UNREADABLE),
        (("DTSTART:20270301T080000Z", "DTEND:20270301T090000Z", "RRULE:FREQ=SECONDLY"), ProblemKind.TOO_FREQUENT),
        (("DTSTART;TZID=Mars/Olympus:20270301T080000", "DTEND:20270301T090000Z"), ProblemKind.UNKNOWN_ZONE),
        (("DTSTART:20270301T080000Z",), ProblemKind.NO_LENGTH),
        (("DTSTART:20270301T080000Z", "DTEND:20270301T070000Z"), ProblemKind.NO_LENGTH),
    ],
)
def test_an_event_that_cannot_be_used_is_a_problem_and_costs_itself_alone(
    lines: tuple[str, ...], kind: ProblemKind
) -> None:
    good = event("DTSTART:20270301T080000Z", "DTEND:20270301T200000Z", uid="good")
    found = read_around(calendar(event(*lines, uid="bad"), good), "2027-03-01 00:00", "2027-03-02 00:00")
    assert [problem.kind for problem in found.problems] == [kind]
    assert spans(found) == [("2027-03-01 08:00", "2027-03-01 20:00")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "not_a_calendar"),
        ("", "not_a_calendar"),
        ("\ufffd\ufffd\x01", "not_a_calendar"),
        (event("DTSTART:20270301T080000Z"), "not_a_calendar"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "not_a_calendar"),
        ("x" * (LARGEST_BYTES + 1), "too_large"),
    ],
)
def test_what_is_no_calendar_is_refused(body: str, reason: str) -> None:
    with pytest.raises(BadCalendar) as caught:
        read_around(body, "2027-03-01 00:00", "2027-04-02 00:00")
    assert caught.value.reason == reason


def test_a_calendar_with_too_many_occurrences_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_OCCURRENCES", 100)
    text = calendar(event("DTSTART:20270101T000000Z", "DTEND:20270101T010000Z", "RRULE:FREQ=HOURLY"))
    assert len(read_around(text, "2027-03-01 00:00", "2027-03-05 00:00").occurrences) == 96
    with pytest.raises(BadCalendar) as caught:
        read_around(text, "2027-03-01 00:00", "2027-03-06 00:00")
    assert caught.value.reason == "too_many"


def test_a_calendar_with_too_many_events_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_EVENTS", 1)
    with pytest.raises(BadCalendar) as caught:
        read_around(calendar(event(), event(uid="2")), "2027-03-01 00:00", "2027-03-05 00:00")
    assert caught.value.reason == "too_many"


def test_of_several_summaries_the_first_counts_and_of_attendees_all() -> None:
    text = calendar(event("DTSTART;VALUE=DATE:20270301", "SUMMARY:bob", "ATTENDEE:a@x", "ATTENDEE:mailto:b@x"))
    (found,) = read_around(text, "2027-03-01 00:00", "2027-03-02 00:00").occurrences
    assert (found.summary, found.attendees) == ("ann", ("a@x", "mailto:b@x"))


def test_an_unknown_zone_in_the_settings_is_refused_by_its_name() -> None:
    with pytest.raises(BadCalendar, match="timezone"):
        read_around(calendar(), "2027-03-01 00:00", "2027-03-02 00:00", zone="Mars/Olympus")


_LINES = st.lists(
    st.sampled_from(
        ["BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE", "END:VTIMEZONE", "DTSTART:20270301T080000Z", "DTEND:2027",
         "DTSTART;VALUE=DATE:20270301", "DTEND:20270302T080000", "RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY;COUNT=0",
         "RRULE:UNTIL=x", "EXDATE:1", "RDATE;VALUE=PERIOD:20270301T000000Z/PT1H", "RECURRENCE-ID:20270301T080000Z",
         "DURATION:-P1D", "DTSTART;VALUE=TIME:080000", "TZID:a",
         "DTSTART:99991231T235959Z", "DURATION:PT1H", "SUMMARY:ann", "SEQUENCE:x", "UID:1", "ATTENDEE;CN=\":x",
         "X-WR-TIMEZONE:nowhere", "CALSCALE:HEBREW", ";:", " folded"]
    ),
    max_size=14,
)  # fmt: skip


@given(lines=_LINES)
def test_any_mixture_of_lines_is_read_or_refused(lines: list[str]) -> None:
    try:
        found = read_around(calendar(*lines), "2027-03-01 00:00", "2027-03-10 00:00")
    except BadCalendar:
        return
    assert all(each.start < each.end for each in found.occurrences)
