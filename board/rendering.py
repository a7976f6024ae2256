"""Turns the view model into HTML. Everything is escaped; templates decide looks, never states."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from board import durations, words
from board.feed import Picture, Trouble
from board.model import CaseView, ClockKind, ClockView, DeskView, NoticeView
from board.settings import BoardSettings
from board.timeline import CaseStory

_BLANK = re.compile(r"\s{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerForm:
    """The form of a case: whom it may name, its token, and what was wrong with the last try."""

    reference: str
    people: tuple[str, ...]
    token: str
    wrong: str = ""


class Pages:
    """Renders the board's pages and fragments for one set of settings."""

    def __init__(self, settings: BoardSettings) -> None:
        self._rendered: tuple[tuple[str, datetime], str] | None = None
        self._templates = Environment(
            loader=PackageLoader("board"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(words=words, settings=settings)
        self._templates.filters.update(
            time=lambda at: durations.clock_time(at, settings.zone),
            day=lambda at: durations.day_and_time(at, settings.zone),
            duration=durations.duration,
            sentence=words.sentence,
            clock_text=clock_text,
            age=lambda at, now: durations.duration((now - at).total_seconds()),
            left=left,
            why=words.why,
            row_version=row_version,
        )

    def board(
        self, picture: Picture | None, trouble: Trouble | None, *, now: datetime, wall: bool, said: str = ""
    ) -> str:
        """The whole page; ``said`` tells what became of a form."""
        template = self._templates.get_template("board.html")
        return template.render(picture=picture, trouble=trouble, now=now, wall=wall, said=words.SAID.get(said, ""))

    def rows(self, picture: Picture, now: datetime) -> str:
        """The part that changes: notices, counters and rows, rendered once for all screens and without indentation.

        The texts of running clocks are as old as the picture's read; the page ticks them itself.
        """
        key = (picture.version, picture.read_at)
        if self._rendered is None or self._rendered[0] != key:
            html = self._templates.get_template("rows.html").render(picture=picture, now=now)
            self._rendered = (key, _BLANK.sub(" ", html))
        return self._rendered[1]

    def case(
        self, view: CaseView, story: CaseStory, now: datetime, *, desk: DeskView, trouble: Trouble | None, said: str
    ) -> str:
        """The page of one case."""
        template = self._templates.get_template("case.html")
        said = words.SAID.get(said, "")
        return template.render(case=view, story=story, now=now, desk=desk, trouble=trouble, said=said)

    def answer(self, form: AnswerForm, case: CaseView | None, now: datetime) -> str:
        """The form for an answer; ``case`` as the board shows it now, None where it is not on the list."""
        return self._templates.get_template("answer.html").render(form=form, case=case, now=now, trouble=None)

    def notice(self, notice: NoticeView, *, wrong: str, now: datetime) -> str:
        """The form for a notice that was seen."""
        return self._templates.get_template("notice.html").render(notice=notice, wrong=wrong, now=now, trouble=None)

    def problem(self, heading: str, text: str, now: datetime) -> str:
        """A page that says what went wrong and what to do."""
        template = self._templates.get_template("problem.html")
        return template.render(heading=heading, text=text, now=now, trouble=None)


def clock_text(clock: ClockView, now: datetime) -> str:
    """What a clock shows at ``now``."""
    seconds = clock.seconds(now)
    if seconds is None:
        return clock.note
    text = durations.duration(seconds)
    return f"{text} over" if clock.kind is ClockKind.REMAINING and seconds < 0 else text


def left(end: datetime, now: datetime) -> str:
    """What is left until ``end``, or by how much it is over."""
    seconds = (end - now).total_seconds()
    return f"{durations.duration(seconds)} over" if seconds < 0 else durations.duration(seconds)


def row_version(case: CaseView | DeskView | Sequence[object]) -> str:
    """A short hash of one row, so that the page replaces only rows that changed."""
    return hashlib.sha256(msgspec.json.encode(case)).hexdigest()[:12]
