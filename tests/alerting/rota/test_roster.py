"""The roster under a moving clock: overrides, what is kept when a calendar goes wrong, and how old it is."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from alerting.core.rota import Gap
from alerting.rota.check import check, in_words, refuse_gaps
from alerting.rota.copies import digest_of
from alerting.rota.fetching import Fetched, FetchFailed
from alerting.rota.occurrences import ProblemKind, Reading
from alerting.rota.roster import CalendarRoster
from alerting.settings import PagingSettings
from schemas.errors import BadSettings, PeerUnavailable
from store.rota import CalendarCopy, CopyHead
from tests.alerting.rota.calendars import BERLIN, CONTACTS, Clock, calendar, event, paging, read_here, utc
from tests.alerting.rota.servers import CalendarServer, calendar_server

NOW = utc("2027-03-01 12:00")
ALWAYS = event("DTSTART:20270101T000000Z", "DTEND:20270102T000000Z", "RRULE:FREQ=DAILY")
NIGHT = event("DTSTART:20270301T180000Z", "DTEND:20270302T060000Z", summary="bob", uid="night")


class MemoryCopies:
    """The port's own fake: a table that can be away."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[CopyHead, str]] = {}
        self.away = False

    def _there(self) -> None:
        if self.away:
            raise PeerUnavailable("away", reason="store_unavailable")

    async def heads(self, names: Collection[str]) -> Mapping[str, CopyHead]:
        self._there()
        return {name: head for name, (head, _) in self.rows.items() if name in names}

    async def body(self, name: str) -> str | None:
        return self.rows[name][1]

    async def save(self, copy: CalendarCopy) -> None:
        self._there()
        head = CopyHead(
            name=copy.name, etag=copy.etag, fetched_at=copy.now, checked_at=copy.now, error="",
            digest=digest_of(copy.body),
        )  # fmt: skip
        self.rows[copy.name] = (head, copy.body)

    async def note_check(self, name: str, *, now: object, error: str = "") -> bool:
        self._there()
        if name not in self.rows:
            return False
        head, body = self.rows[name]
        changes = {"checked_at": now, "error": error} | ({} if error else {"fetched_at": now})
        self.rows[name] = (dataclasses.replace(head, **changes), body)  # type: ignore[arg-type]
        return True


class Place:
    """A calendar's place without a network."""

    def __init__(self, body: str = "", reason: str = "") -> None:
        self.body, self.reason, self.asked = body, reason, 0

    async def __call__(self, location: str, *, etag: str = "") -> Fetched | None:
        del location, etag
        self.asked += 1
        if self.reason:
            raise FetchFailed("not to be had", reason=self.reason)
        return Fetched(self.body)


def roster_on(place: Place | None, copies: MemoryCopies | None, clock: Clock, **changes: object) -> CalendarRoster:
    return CalendarRoster(paging("x", **changes), copies=copies, fetch=place, read=read_here, clock=clock)


def first_tier(roster: CalendarRoster, clock: Clock) -> list[str]:
    return [contact.code for contact in roster.tiers("stroke", clock.now)[0]]


def error_of(roster: CalendarRoster, clock: Clock) -> str:
    return roster.ages(clock.now)[0].error


async def test_tiers_are_the_calendars_people_and_the_settings() -> None:
    clock = Clock(NOW)
    roster = roster_on(Place(calendar(ALWAYS, NIGHT)), None, clock)
    await roster.refresh_round()
    clock.now = utc("2027-03-01 18:00")
    assert [[person.code for person in tier] for tier in roster.tiers("stroke", clock.now)] == [["ann", "bob"], ["cat"]]
    assert roster.next_change("stroke", clock.now) == utc("2027-03-02 06:00")
    assert roster.tiers("nobody's", clock.now) == ()
    assert [person.code for person in roster.with_number("+447700900002")] == ["bob"]
    assert roster.contact("cat") is not None


async def test_where_an_override_names_somebody_the_base_does_not_count(tmp_path: Path) -> None:
    base, above = tmp_path / "base.ics", tmp_path / "above.ics"
    base.write_text(calendar(ALWAYS))
    above.write_text(calendar(NIGHT, event("DTSTART:20270303T000000Z", "DTEND:20270304T000000Z", summary="Dr Who")))
    clock = Clock(NOW)
    settings = paging(str(base), overrides=str(above))
    roster = CalendarRoster(settings, copies=None, read=read_here, clock=clock)
    await roster.refresh_round()
    expected = {"2027-03-01 17:59": ["ann"], "2027-03-01 18:00": ["bob"], "2027-03-02 06:00": ["ann"]}
    expected["2027-03-03 12:00"] = ["ann"]
    assert {at: [person.code for person in roster.tiers("stroke", utc(at))[0]] for at in expected} == expected
    assert [(each.calendar, each.problem.kind) for each in roster.problems()] == [
        ("neuro/overrides", ProblemKind.NOBODY_KNOWN)
    ]


@pytest.mark.parametrize(
    ("body", "reason", "error"),
    [("<html>", "", "not_a_calendar"), ("", "timeout", "timeout"), ("", "http_500", "http_500")],
)
async def test_what_goes_wrong_leaves_the_last_good_copy_with_its_age(body: str, reason: str, error: str) -> None:
    clock, place, copies = Clock(NOW), Place(calendar(ALWAYS)), MemoryCopies()
    roster = roster_on(place, copies, clock, refresh_s=60, stale_after_s=3600)
    await roster.refresh_round()
    place.body, place.reason = body, reason
    clock.forward(hours=2)
    await roster.refresh_round()
    (age,) = roster.ages(clock.now)
    assert (first_tier(roster, clock), age.age_s, age.stale, age.error) == (["ann"], 7200.0, True, error)
    (head, kept) = next(iter(copies.rows.values()))
    assert (kept, head.error, head.fetched_at) == (calendar(ALWAYS), error, NOW)


async def test_a_pager_that_starts_while_the_source_is_away_uses_the_kept_copy() -> None:
    clock, copies = Clock(NOW), MemoryCopies()
    await roster_on(Place(calendar(ALWAYS)), copies, clock).refresh_round()
    clock.forward(hours=3)
    later = roster_on(Place(reason="no_connection"), copies, clock)
    await later.refresh_round()
    assert (first_tier(later, clock), later.ages(clock.now)[0].age_s) == (["ann"], 10_800.0)
    assert error_of(later, clock) == "no_connection"


async def test_a_role_without_fetch_follows_the_copies() -> None:
    clock, copies, place = Clock(NOW), MemoryCopies(), Place(calendar(ALWAYS))
    pager, decider = roster_on(place, copies, clock, refresh_s=10), roster_on(None, copies, clock)
    for body, expected in ((calendar(ALWAYS), ["ann"]), (calendar(), [])):
        place.body = body
        await pager.refresh_round()
        await decider.refresh_round()
        assert first_tier(decider, clock) == expected
        clock.forward(seconds=11)


async def test_a_calendar_is_asked_again_when_it_is_due_and_once_for_all_pagers() -> None:
    clock, copies, place = Clock(NOW), MemoryCopies(), Place(calendar(ALWAYS))
    one, two = (roster_on(place, copies, clock, refresh_s=60) for _ in range(2))
    for seconds, asked in ((0, 1), (59, 1), (1, 2), (-30, 2), (-3600, 4)):  # each pager mends its own set-back clock
        clock.forward(seconds=seconds)
        await one.refresh_round()
        await two.refresh_round()
        assert place.asked == asked


async def test_a_store_that_is_away_changes_nothing_and_gets_the_copy_later() -> None:
    clock, copies, place = Clock(NOW), MemoryCopies(), Place(calendar(ALWAYS))
    roster = roster_on(place, copies, clock, refresh_s=10)
    copies.away = True
    await roster.refresh_round()
    assert (first_tier(roster, clock), copies.rows) == (["ann"], {})
    copies.away = False
    clock.forward(seconds=10)
    await roster.refresh_round()
    assert len(copies.rows) == 1


async def test_a_kept_copy_that_cannot_be_read_is_tried_once_and_the_source_asked() -> None:
    clock, copies, tried = Clock(NOW), MemoryCopies(), []
    await roster_on(Place(calendar(ALWAYS)), copies, clock).refresh_round()
    key, (head, _) = copies.rows.popitem()
    copies.rows[key] = (dataclasses.replace(head, digest="other"), "damaged")

    async def counting(body: str, *, zone: str, start: datetime, end: datetime) -> Reading:
        tried.append(body)
        return await read_here(body, zone=zone, start=start, end=end)

    place = Place(reason="timeout")
    roster = CalendarRoster(paging("x"), copies=copies, fetch=place, read=counting, clock=clock)
    for _ in range(3):
        await roster.refresh_round()
    assert (tried, place.asked, first_tier(roster, clock)) == (["damaged"], 1, [])
    place.body, place.reason = calendar(ALWAYS), ""
    clock.forward(seconds=30)
    await roster.refresh_round()
    assert first_tier(roster, clock) == ["ann"]


async def test_without_calendars_nothing_is_asked() -> None:
    settings = PagingSettings.model_validate({"contacts": CONTACTS, "teams": {"stroke": ["ann"]}})
    copies = MemoryCopies()
    copies.away = True
    roster = CalendarRoster(settings, copies=copies)
    await roster.refresh_round()
    assert [[each.code for each in tier] for tier in roster.tiers("stroke", NOW)] == [["ann"]]
    assert await check(roster, NOW) == ()


async def test_a_calendar_pointed_elsewhere_does_not_use_the_old_ones_copy() -> None:
    clock, copies = Clock(NOW), MemoryCopies()
    await roster_on(Place(calendar(ALWAYS)), copies, clock).refresh_round()
    moved = CalendarRoster(paging("y"), copies=copies, fetch=Place(reason="timeout"), read=read_here, clock=clock)
    await moved.refresh_round()
    assert first_tier(moved, clock) == []


async def test_the_calendars_are_read_again_as_time_moves_on_though_the_source_is_away() -> None:
    clock, place = Clock(NOW), Place(calendar(ALWAYS))
    roster = roster_on(place, None, clock)
    await roster.refresh_round()
    place.reason = "timeout"
    for _ in range(80):
        clock.forward(hours=23)
        await roster.refresh_round()
        assert first_tier(roster, clock) == ["ann"]
        assert [contact.code for contact in roster.tiers("stroke", clock.now + timedelta(days=30))[0]] == ["ann"]


async def test_a_gap_is_named_with_its_team_tier_and_time_in_both_zones() -> None:
    clock = Clock(NOW)
    weekdays = event("DTSTART:20270301T000000", "DTEND:20270302T000000", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA")
    roster = roster_on(Place(calendar(f"X-WR-TIMEZONE:{BERLIN}", weekdays)), None, clock)
    found = await check(roster, NOW, days=30)
    sundays = [("06", "07"), ("13", "14"), ("20", "21")]
    assert found[:3] == tuple(
        Gap("stroke", 1, utc(f"2027-03-{sat} 23:00"), utc(f"2027-03-{sun} 23:00")) for sat, sun in sundays
    )
    assert found[3] == Gap("stroke", 1, utc("2027-03-27 23:00"), utc("2027-03-28 22:00"))
    assert len(found) == 4
    with pytest.raises(BadSettings) as caught:
        await refuse_gaps(roster, NOW)
    words = "team stroke, tier 1, from 2027-03-07 00:00:00 to 2027-03-08 00:00:00 Europe/Berlin (2027-03-06 23:00:00"
    assert words in str(caught.value)
    assert caught.value.reason == "rota_gap"
    assert "2027-03-28 22:00:00 UTC" in in_words(found[3], BERLIN)


async def test_without_gaps_the_check_is_silent() -> None:
    roster = roster_on(Place(calendar(ALWAYS)), None, Clock(NOW))
    assert await check(roster, NOW, days=60) == ()
    await refuse_gaps(roster, NOW)


async def test_an_override_that_nobody_knows_or_an_absent_calendar_is_a_gap_with_its_cause() -> None:
    roster = roster_on(Place(reason="http_404"), None, Clock(NOW))
    with pytest.raises(BadSettings, match=r"tier 1, from 2027-03-01 12:00:00 to .*calendar neuro: http_404"):
        await refuse_gaps(roster, NOW)


async def test_asking_who_is_on_call_takes_microseconds() -> None:
    clock = Clock(NOW)
    hourly = event("DTSTART:20270101T000000Z", "DTEND:20270101T010000Z", "RRULE:FREQ=HOURLY;INTERVAL=2", uid="h")
    roster = roster_on(Place(calendar(hourly, NIGHT)), None, clock)
    await roster.refresh_round()
    begun = time.perf_counter()
    for _ in range(1000):
        roster.tiers("stroke", clock.now)
    assert time.perf_counter() - begun < 1.0


async def test_over_a_real_server_etags_spare_the_text_and_no_log_holds_the_token() -> None:
    clock, copies = Clock(NOW), MemoryCopies()
    async with calendar_server(calendar(ALWAYS)) as server:
        server.etag = '"1"'
        settings = paging(f"{server.url}?token=canary-4711", refresh_s=60)
        roster = CalendarRoster(settings, copies=copies, read=read_here, clock=clock)
        with capture_logs() as logs:
            await _rounds(roster, clock, server)
    assert server.asked == ["", '"1"', '"1"', '"1"']
    assert "canary-4711" not in repr(logs)
    assert [entry["reason"] for entry in logs if entry["event"] == "calendar_check_failed"] == [
        "http_500",
        "not_a_calendar",
    ]


async def _rounds(roster: CalendarRoster, clock: Clock, server: CalendarServer) -> None:
    steps = [("", 200, ""), ("", 200, ""), ('"2"', 500, "http_500"), ('"3"', 200, "not_a_calendar")]
    for etag, status, error in steps:
        server.etag, server.status = etag or server.etag, status
        server.body = b"<html>" if etag else server.body
        await roster.refresh_round()
        assert (first_tier(roster, clock), error_of(roster, clock)) == (["ann"], error)
        clock.forward(seconds=60)


async def test_a_round_that_takes_long_does_not_hold_up_who_asks() -> None:
    clock, place = Clock(NOW), Place(calendar(ALWAYS))
    roster = roster_on(place, None, clock, refresh_s=60)
    await roster.refresh_round()
    release = asyncio.Event()

    async def slow(location: str, *, etag: str = "") -> Fetched | None:
        del location, etag
        await release.wait()
        raise FetchFailed("late", reason="timeout")

    roster._fetch = slow
    clock.forward(seconds=60)
    task = asyncio.create_task(roster.refresh_round())
    await asyncio.sleep(0)
    assert first_tier(roster, clock) == ["ann"]
    release.set()
    await task
