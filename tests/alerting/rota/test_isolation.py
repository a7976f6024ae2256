"""A calendar that is built to hang or to fill the memory ends with its process."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from alerting.rota.isolation import read_isolated
from alerting.rota.occurrences import BadCalendar
from tests.alerting.rota.calendars import calendar, event, read_here, utc

START = utc("2027-03-01 00:00")
END = START + timedelta(days=33)
TIMES = ("DTSTART:20270101T000000Z", "DTEND:20270101T080000Z")


async def test_a_process_reads_what_this_one_would() -> None:
    text = calendar(event(*TIMES, "RRULE:FREQ=DAILY"), event("DTSTART:x", uid="bad"))
    found = await read_isolated(text, zone="UTC", start=START, end=END)
    assert found == await read_here(text, zone="UTC", start=START, end=END)


async def test_a_refusal_comes_through_with_its_reason() -> None:
    with pytest.raises(BadCalendar) as caught:
        await read_isolated("<html>", zone="UTC", start=START, end=END)
    assert caught.value.reason == "not_a_calendar"


async def test_a_rule_without_end_or_result_is_given_up_in_time() -> None:
    never = [event(*TIMES, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", uid=f"u{n}") for n in range(500)]
    begun = time.monotonic()
    with pytest.raises(BadCalendar) as caught:
        await read_isolated(calendar(*never), zone="UTC", start=START, end=END, limit_s=1.0)
    assert caught.value.reason == "too_slow"
    assert time.monotonic() - begun < 8
