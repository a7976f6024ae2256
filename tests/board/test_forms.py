"""The board's forms over HTTP: off without a PIN, refused from elsewhere, limited, and redirected after they worked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp
import pytest

from alerting.core.replies import ReplyKind
from alerting.pager.inbound import ReplyResult
from board import words
from board.app import BoardPorts
from board.rows import BoardRows, DeskRows
from board.settings import BoardSettings
from schemas.errors import PeerUnavailable
from tests.board.builders import NOW, FakeReads, board, case, incident, page
from tests.board.serving import served
from tests.board.test_desk import notice

PIN = "246810"
SETTINGS = BoardSettings.model_validate({"port": 0, "pin": PIN})
FORM = {"person": "neuro-1", "kind": "acknowledge", "token": "t" * 22, "pin": PIN}
HERE = {"Sec-Fetch-Site": "same-origin"}
ROW = case("a", incidents=(incident(page()),))
ANSWER = f"/cases/{ROW.reference}/answer"
NOTICE = notice("opted_out")


@dataclass
class FakeAnswers:
    people: tuple[str, ...] = ("neuro-1", "neuro-2")
    result: ReplyResult = ReplyResult.ACKNOWLEDGED
    given: list[tuple[str, str, str, str]] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    down: bool = False

    async def who_may_answer(self, reference: str, *, now: datetime) -> tuple[str, ...]:
        return self.people if reference == ROW.reference else ()

    async def answer_on_board(
        self, reference: str, person_code: str, kind: ReplyKind, *, token: str, now: datetime
    ) -> ReplyResult:
        if self.down:
            raise PeerUnavailable("PostgreSQL (setting store.url) does not answer")
        self.given.append((reference, person_code, str(kind), token))
        return self.result

    async def seen(self, notice_id: str, *, now: datetime) -> bool:
        self.cleared.append(notice_id)
        return True


@pytest.fixture
def answers() -> FakeAnswers:
    return FakeAnswers()


@pytest.fixture
def ports(answers: FakeAnswers) -> BoardPorts:
    reads = FakeReads(BoardRows(cases=(ROW,), today=board().today, desk=DeskRows(notices=(NOTICE,))))
    return BoardPorts(reads=reads, wakes=reads.wakes, clock=lambda: NOW, answers=answers, desk=answers)


async def send(
    http: aiohttp.ClientSession, path: str = ANSWER, *, headers: Mapping[str, str] = HERE, **changes: str
) -> tuple[int, str, str]:
    data = {**FORM, **changes}
    async with http.post(path, data=data, headers=headers, allow_redirects=False) as response:
        return response.status, response.headers.get("Location", ""), await response.text()


async def status_of(http: aiohttp.ClientSession, path: str) -> int:
    async with http.get(path) as response:
        return response.status


async def test_without_a_pin_there_is_no_form(ports: BoardPorts, answers: FakeAnswers) -> None:
    async with served(ports, BoardSettings(port=0)) as http:
        assert await status_of(http, ANSWER) == 404
        assert (await send(http))[0] in {404, 405}
        async with http.get(f"/cases/{ROW.reference}") as response:
            assert "/answer" not in await response.text()
    assert answers.given == []


async def test_an_answer_is_taken_and_redirected_to_the_case(ports: BoardPorts, answers: FakeAnswers) -> None:
    async with served(ports, SETTINGS) as http:
        status, location, _ = await send(http)
        async with http.get(location) as response:
            assert words.SAID["acknowledged"] in await response.text()
    assert (status, location) == (303, f"/cases/{ROW.reference}?said=acknowledged")
    assert answers.given == [(ROW.reference, "neuro-1", "acknowledge", "t" * 22)]


async def test_the_form_names_those_who_may_answer_and_needs_no_script(ports: BoardPorts) -> None:
    async with served(ports, SETTINGS) as http, http.get(ANSWER) as response:
        html, policy = await response.text(), response.headers["Content-Security-Policy"]
    for part in ('value="neuro-1"', 'value="neuro-2"', 'method="post"', words.RESEARCH):
        assert part in html
    assert ("<script" in html, 'http-equiv="refresh"' in html) == (False, False)
    assert "form-action 'self'" in policy


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
async def test_a_form_of_another_origin_is_refused(
    ports: BoardPorts, answers: FakeAnswers, headers: dict[str, str]
) -> None:
    async with served(ports, SETTINGS) as http:
        assert (await send(http, headers=headers))[0] == 403
        assert (await send(http, f"/notices/{NOTICE.notice_id}", headers=headers))[0] == 403
    assert (answers.given, answers.cleared) == ([], [])


async def test_an_older_browser_is_known_by_its_origin(ports: BoardPorts) -> None:
    async with served(ports, SETTINGS) as http:
        headers = {"Origin": str(http._base_url).rstrip("/")}
        assert (await send(http, headers=headers))[0] == 303


async def test_wrong_pins_are_refused_and_then_not_looked_at(ports: BoardPorts, answers: FakeAnswers) -> None:
    async with served(ports, SETTINGS) as http:
        given = [(await send(http, pin="000000"))[0] for _ in range(6)]
        assert (await send(http))[0] == 429, "the right one too"
    assert given == [403, 403, 403, 403, 403, 429]
    assert answers.given == []
    assert ports.registry.get_sample_value("codestroke_board_forms_total", {"form": "pin", "result": "locked"}) == 2


@pytest.mark.parametrize("changes", [{"kind": "opt_out"}, {"kind": ""}, {"token": "short"}, {"person": ""}])
async def test_a_form_that_is_not_complete_changes_nothing(
    ports: BoardPorts, answers: FakeAnswers, changes: dict[str, str]
) -> None:
    async with served(ports, SETTINGS) as http:
        status, _, html = await send(http, ANSWER, headers=HERE, **changes)
    assert (status, answers.given) == (400, [])
    assert words.INCOMPLETE in html


async def test_somebody_of_another_team_is_refused_in_words(ports: BoardPorts, answers: FakeAnswers) -> None:
    answers.result = ReplyResult.NOT_PAGED
    async with served(ports, SETTINGS) as http:
        status, _, html = await send(http)
    assert (status, words.NOT_OF_TEAM in html) == (403, True)


async def test_too_much_is_refused(ports: BoardPorts) -> None:
    async with served(ports, SETTINGS) as http:
        assert (await send(http, more="x" * 5000))[0] == 413


async def test_an_outage_says_that_nothing_was_changed(ports: BoardPorts, answers: FakeAnswers) -> None:
    answers.down = True
    async with served(ports, SETTINGS) as http:
        status, _, html = await send(http)
    assert (status, "Nothing was changed" in html) == (503, True)


async def test_a_case_without_an_incident_has_no_form(ports: BoardPorts) -> None:
    async with served(ports, SETTINGS) as http:
        assert await status_of(http, "/cases/2222/answer") == 404


async def test_a_seen_notice_is_cleared(ports: BoardPorts, answers: FakeAnswers) -> None:
    path = f"/notices/{NOTICE.notice_id}"
    async with served(ports, SETTINGS) as http:
        assert await status_of(http, path) == 200
        assert (await send(http, path, pin="0000"))[0] == 403
        status, location, _ = await send(http, path)
        assert await status_of(http, "/notices/of-nobody") == 404
    assert (status, location, answers.cleared) == (303, "/?said=seen", [NOTICE.notice_id])


async def test_a_word_that_is_not_ours_says_nothing(ports: BoardPorts) -> None:
    async with served(ports, SETTINGS) as http, http.get("/?said=%3Cb%3EAll+clear") as response:
        html = await response.text()
    assert "All clear" not in html
    assert 'class="done"' not in html
