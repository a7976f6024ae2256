"""What the ED desk must know, in order and in words: notices, silences, stale calendars. Pure.

Called by ``board.view``. A kind of notice that this version does not know stands with the gravest: nobody may miss
it because we are old.
"""

from __future__ import annotations

from board.model import CalendarView, DeskView, NoticeView, SilenceView
from board.rows import DeskRows, NoticeRow
from board.words import Tone
from store.desk import NoticeKind
from store.silences import Silence

# Gravest first: a patient waits for a person; then a person cannot be reached; then what may go wrong later.
_ORDER = (
    NoticeKind.NOBODY_ANSWERED,
    NoticeKind.ALL_DECLINED,
    NoticeKind.NOBODY_ON_CALL,
    NoticeKind.RESULT_OVERDUE,
    NoticeKind.HEARTBEAT_MISSED,
    NoticeKind.PHONE_UNREACHABLE,
    NoticeKind.OPTED_OUT,
    NoticeKind.SILENCED,
    NoticeKind.RESULT_LATE,
    NoticeKind.ROTA_GAP,
)
_PLACE = {kind: place for place, kind in enumerate(_ORDER)}
_UNKNOWN_PLACE = -1
_ALARMS, _WARNINGS = _PLACE[NoticeKind.RESULT_OVERDUE], _PLACE[NoticeKind.SILENCED]
_WORDS = {Tone.EMERGENCY: "Act now", Tone.ATTENTION: "Look here", Tone.NOTICE: "Notice"}
_SENDER = "CODESTROKE "


def desk_view(rows: DeskRows) -> DeskView:
    """Order the notices, the gravest and then the oldest first; of the calendars only the stale ones are shown."""
    ordered = sorted(rows.notices, key=lambda row: (_place(row.kind), row.raised_at))
    return DeskView(
        notices=tuple(_notice(row) for row in ordered),
        silences=tuple(_silence(each) for each in rows.silences),
        calendars=tuple(
            CalendarView(name=each.name, fetched_at=each.fetched_at, error=each.error)
            for each in rows.calendars
            if each.stale
        ),
    )


def _notice(row: NoticeRow) -> NoticeView:
    grave = _grave(row.kind)
    return NoticeView(
        notice_id=row.notice_id,
        kind=row.kind,
        grave=grave,
        word=_WORDS[grave],
        text=row.text.removeprefix(_SENDER),
        raised_at=row.raised_at,
        reference=row.reference,
    )


def _silence(silence: Silence) -> SilenceView:
    named = (f"team {silence.team}" if silence.team else "", f"pathway {silence.pathway}" if silence.pathway else "")
    return SilenceView(
        silence_id=silence.silence_id,
        what=", ".join(filter(None, named)) or "every team",
        reason=silence.reason,
        set_by=silence.set_by,
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
    )


def _place(kind: str) -> int:
    return next((place for known, place in _PLACE.items() if known == kind), _UNKNOWN_PLACE)


def _grave(kind: str) -> Tone:
    place = _place(kind)
    if place <= _ALARMS:
        return Tone.EMERGENCY
    return Tone.ATTENTION if place <= _WARNINGS else Tone.NOTICE
