"""Is there somebody to page at every instant of the coming days; and if not, the gap in words.

Who calls it: the pager's start, which refuses to go on, and ``codestroke rota check``. Reachable is who stands
among the contacts, whose numbers the settings hold to E.164.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerting.core.rota import Gap
from alerting.rota.roster import CalendarRoster
from schemas.errors import BadSettings

DAYS = 30
_NAMED = 3


async def check(roster: CalendarRoster, now: datetime, *, days: int = DAYS) -> tuple[Gap, ...]:
    """Return every stretch of the next ``days`` in which a tier of a team has nobody who can be reached.

    Exact to the second of the calendars, not sampled. Asks the calendars that are due.
    """
    end = now + timedelta(days=days)
    await roster.cover(now, end)
    return roster.gaps(now, end)


async def refuse_gaps(roster: CalendarRoster, now: datetime, *, days: int = DAYS) -> None:
    """Let a pager start only where every tier has somebody.

    Raises:
        BadSettings: it names the first gaps.
    """
    found = await check(roster, now, days=days)
    if not found:
        return
    words = [in_words(gap, roster.zone_of(gap.team, gap.tier)) for gap in found[:_NAMED]]
    more = [f"{len(found) - _NAMED} more (see codestroke rota check)"] if len(found) > _NAMED else []
    raise BadSettings(f"within {days} days {'; '.join(words + more)}{_causes(roster, now)}", reason="rota_gap")


def in_words(gap: Gap, zone: str) -> str:
    """Say where a gap is, in ``zone`` (an IANA name) and in UTC."""
    local, utc = _span(gap, ZoneInfo(zone)), _span(gap, ZoneInfo("UTC"))
    where = f"{local} {zone}" + (f" ({utc} UTC)" if zone != "UTC" else "")
    return f"nobody can be reached for team {gap.team}, tier {gap.tier}, from {where}"


def _span(gap: Gap, zone: ZoneInfo) -> str:
    return " to ".join(f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S}" for instant in (gap.start, gap.end))


def _causes(roster: CalendarRoster, now: datetime) -> str:
    """What may be behind a gap: calendars that could not be had, events that name nobody."""
    away: Sequence[str] = [f"calendar {age.name}: {age.error}" for age in roster.ages(now) if age.error]
    unused = len(roster.problems())
    causes = [*away, *([f"{unused} events could not be used wholly"] if unused else [])]
    return f" [{'; '.join(causes)}]" if causes else ""
