"""The board's forms: answering for a person, and saying that a notice was seen. Plain HTML: POST, redirect, GET.

Off unless the setting ``board.pin`` is set. Each form stands on a page of its own that never refreshes by itself, so
that nothing typed is lost and nothing under the finger moves.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from alerting.core.replies import ReplyKind
from alerting.pager.inbound import ReplyResult
from board import words
from board.bodies import Refused, read_form
from board.feed import BoardFeed
from board.metrics import BoardMetrics
from board.model import CaseView, NoticeView
from board.pin import PinCheck, PinGate, is_same_origin
from board.ports import Answers, Clock, Desk
from board.rendering import AnswerForm, Pages
from board.settings import BoardSettings
from schemas.errors import CodestrokeError

_log = structlog.get_logger(__name__)
_MAX_BODY_BYTES = 4096
_TOKEN_LENGTH = 22
_KINDS = {str(kind): kind for kind in (ReplyKind.ACKNOWLEDGE, ReplyKind.ESCALATE, ReplyKind.DECLINE)}
_SEEN = "seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """What the form routes need."""

    answers: Answers
    desk: Desk
    gate: PinGate
    feed: BoardFeed
    pages: Pages
    settings: BoardSettings
    clock: Clock
    metrics: BoardMetrics

    async def show_answer(self, reference: str, *, wrong: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
        """The form of a case, naming whom it may name; ``wrong`` says what was wrong with the last try."""
        now, reference = self.clock(), reference.upper()
        people = await self.answers.who_may_answer(reference, now=now)
        if not people:
            raise Refused(HTTPStatus.NOT_FOUND, "unknown_case")
        form = AnswerForm(reference=reference, people=people, token=secrets.token_urlsafe(16), wrong=wrong)
        return HTMLResponse(self.pages.answer(form, self._shown(reference), now), status_code=status)

    async def take_answer(self, request: Request, reference: str) -> Response:
        """A person's answer."""
        form, reference = await self._believed(request), reference.upper()
        kind, token, person = _KINDS.get(form.get("kind", "")), form.get("token", ""), form.get("person", "")
        if kind is None or len(token) != _TOKEN_LENGTH or not person:
            return await self.show_answer(reference, wrong=words.INCOMPLETE, status=HTTPStatus.BAD_REQUEST)
        if wrong := self._pin_problem(form):
            return await self.show_answer(reference, wrong=wrong[1], status=wrong[0])
        now = self.clock()
        result = await self.answers.answer_on_board(reference, person, kind, token=token, now=now)
        self._count("answer", str(result))
        if result is ReplyResult.UNKNOWN_CODE:
            raise Refused(HTTPStatus.NOT_FOUND, "unknown_case")
        if result is ReplyResult.NOT_PAGED:
            return await self.show_answer(reference, wrong=words.NOT_OF_TEAM, status=HTTPStatus.FORBIDDEN)
        return _see(f"/cases/{reference}?said={result}")

    async def show_notice(self, notice_id: str, *, wrong: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
        """The form of a notice."""
        html = self.pages.notice(self._notice(notice_id), wrong=wrong, now=self.clock())
        return HTMLResponse(html, status_code=status)

    async def take_notice(self, request: Request, notice_id: str) -> Response:
        """Somebody has seen a notice."""
        form = await self._believed(request)
        notice = self._notice(notice_id)
        if wrong := self._pin_problem(form):
            return await self.show_notice(notice_id, wrong=wrong[1], status=wrong[0])
        done = await self.desk.seen(notice.notice_id, now=self.clock())
        self._count("notice", _SEEN if done else "gone")
        return _see(f"/?said={_SEEN}")

    async def _believed(self, request: Request) -> Mapping[str, str]:
        if not is_same_origin(request.headers, public_url=self.settings.public_url):
            raise Refused(HTTPStatus.FORBIDDEN, "other_origin")
        return await read_form(request, limit=_MAX_BODY_BYTES)

    def _pin_problem(self, form: Mapping[str, str]) -> tuple[HTTPStatus, str] | None:
        now = self.clock()
        check = self.gate.check(form.get("pin", ""), now)
        if check is PinCheck.RIGHT:
            return None
        self._count("pin", str(check))
        _log.warning("board_pin_refused", result=str(check))
        if check is PinCheck.WRONG:
            return HTTPStatus.FORBIDDEN, words.PIN_WRONG
        return HTTPStatus.TOO_MANY_REQUESTS, words.PIN_LOCKED.format(seconds=math.ceil(self.gate.locked_s(now)))

    def _shown(self, reference: str) -> CaseView | None:
        shown = self.feed.picture.view.cases if self.feed.picture else ()
        return next((each for each in shown if each.reference == reference), None)

    def _notice(self, notice_id: str) -> NoticeView:
        standing = self.feed.picture.view.desk.notices if self.feed.picture else ()
        found = next((each for each in standing if each.notice_id == notice_id), None)
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND, "unknown_notice")
        return found

    def _count(self, form: str, result: str) -> None:
        self.metrics.forms.labels(form=form, result=result).inc()


def form_routes(forms: Forms) -> APIRouter:
    """Make the routes of the forms."""
    router = APIRouter()

    @router.get("/cases/{reference}/answer")
    async def answer_form(reference: str) -> Response:
        return await _answered(forms, forms.show_answer(reference))

    @router.post("/cases/{reference}/answer")
    async def answer(request: Request, reference: str) -> Response:
        return await _answered(forms, forms.take_answer(request, reference))

    @router.get("/notices/{notice_id}")
    async def notice_form(notice_id: str) -> Response:
        return await _answered(forms, forms.show_notice(notice_id))

    @router.post("/notices/{notice_id}")
    async def notice(request: Request, notice_id: str) -> Response:
        return await _answered(forms, forms.take_notice(request, notice_id))

    return router


async def _answered(forms: Forms, work: Awaitable[Response]) -> Response:
    """A refusal says why in words; an outage says that nothing was changed."""
    try:
        response = await work
    except Refused as refused:
        _log.warning("board_form_refused", reason=refused.reason)
        forms.metrics.forms.labels(form="any", result=refused.reason).inc()
        text = words.REFUSED.get(refused.reason, words.REFUSED_OTHERWISE)
        return _problem(forms, "Nothing was changed", text, refused.status)
    except CodestrokeError as error:
        _log.error("board_form_failed", reason=error.reason)
        forms.metrics.forms.labels(form="any", result=error.reason).inc()
        text = f"{words.NOT_WRITTEN} {error}"
        return _problem(forms, "Nothing was changed", text, HTTPStatus.SERVICE_UNAVAILABLE)
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = str(math.ceil(forms.gate.locked_s(forms.clock())))
    return response


def _problem(forms: Forms, heading: str, text: str, status: HTTPStatus) -> Response:
    return HTMLResponse(forms.pages.problem(heading, text, forms.clock()), status_code=status)


def _see(address: str) -> Response:
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)
