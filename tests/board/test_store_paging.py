"""Paging on the board with a real PostgreSQL and the real inbound: notices, silences, answers, keys of a call."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.channels.twilio.callbacks import keys_url
from alerting.core.planning import attempt_nonce
from alerting.core.replies import ReplyKind
from alerting.pager.inbound import Inbound
from board import queries
from board.app import create_app
from board.reading import StoreReads
from board.settings import BoardSettings
from board.writing import StoreDesk
from schemas.findings import Outcome
from store import audit, desk, silences
from store.cases import Case
from store.desk import NoticeKind, notice_id_of
from store.engine import StoreSettings, transaction
from store.tables import audit as audit_table
from store.tables import incident_answers, incidents, page_events, page_outbox
from tests.board.builders import finding
from tests.board.seeding import Seeder, utc_now
from tests.board.serving import served
from tests.board.test_store import SETTINGS, deps, engine, inbound, read
from tests.board.test_webhooks import PUBLIC, post, signed

__all__ = ["engine", "inbound"]
pytestmark = pytest.mark.integration


async def paged_case(engine: AsyncEngine, *, channel: str = "sms") -> tuple[Case, str]:
    """A case whose page is on its way; returns it and the page's id."""
    async with transaction(engine) as connection:
        seeder = Seeder(connection, utc_now())
        case = await seeder.register(1)
        await seeder.plan(case)
        await seeder.decide(case, Outcome.scored(finding()))
        page_id = await seeder.page(case, finding())
        sent = {"state": "accepted", "provider_sid": "CA1", "accepted_at": utc_now(), "attempt_id": "a1", "tries": 1}
        await connection.execute(update(page_outbox).values(**sent, channel=channel, body="Case K, 7. #K7FQ-LVO1"))
    return case, page_id


def key_path(page_id: str, *, nonce: str | None = None, said: int = 1) -> str:
    known = attempt_nonce("n0nce", "a1") if nonce is None else nonce
    return keys_url(PUBLIC, page_id=page_id, attempt_id="a1", nonce=known, said=said).removeprefix(PUBLIC)


async def test_notices_silences_and_answers_are_read(engine: AsyncEngine, inbound: Inbound) -> None:
    case, _ = await paged_case(engine)
    now = utc_now()
    async with transaction(engine) as connection:
        await desk.raise_notice(connection, NoticeKind.OPTED_OUT, about="x", text="call x", now=now)
        about = {"about": case.case_id, "text": "late", "case_id": case.case_id}
        await desk.raise_notice(connection, NoticeKind.RESULT_OVERDUE, now=now, **about)
        await silences.set_silence(
            connection, team="aorta", pathway="", reason="drill", by="lead", until=now + timedelta(hours=1), now=now
        )
    await inbound.answer_on_board(case.reference, "neuro-1", ReplyKind.ESCALATE, token="t", now=now)
    rows = await read(engine)
    assert {(each.kind, each.reference) for each in rows.desk.notices} == {
        ("opted_out", ""),
        ("result_overdue", case.reference),
    }
    assert [each.reason for each in rows.desk.silences] == ["drill"]
    assert [(each.person, each.kind, each.how) for each in rows.cases[0].incidents[0].answers] == [
        ("neuro-1", "escalate", "board")
    ]
    south = await read(engine, "South Hospital")
    assert [each.kind for each in south.desk.notices] == ["opted_out"], "another site's case is not its business"


async def test_a_notice_that_was_seen_is_gone_and_audited(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        await desk.raise_notice(connection, NoticeKind.OPTED_OUT, about="x", text="call x", now=utc_now())
    notice_id = notice_id_of(NoticeKind.OPTED_OUT, "x")
    assert [await StoreDesk(engine).seen(notice_id, now=utc_now()) for _ in range(2)] == [True, False]
    assert (await read(engine)).desk.notices == ()
    async with transaction(engine) as connection:
        chosen = select(audit_table.c.actor, audit_table.c.action)
        assert [tuple(row) for row in await connection.execute(chosen)] == [("board", "notice.seen")]
        assert await audit.first_break(connection) is None


async def test_an_answer_of_the_form_acknowledges(
    engine: AsyncEngine, store_settings: StoreSettings, inbound: Inbound
) -> None:
    case, _ = await paged_case(engine)
    settings = BoardSettings.model_validate({"port": 0, "pin": "2468"})
    made = deps(engine, store_settings, inbound)
    app = create_app(type(made)(engine=engine, store=made.store, settings=settings, clock=utc_now, inbound=inbound))
    form = {"person": "neuro-1", "kind": "acknowledge", "token": secrets.token_urlsafe(16), "pin": "2468"}
    path, here = f"/cases/{case.reference}/answer", {"Sec-Fetch-Site": "same-origin"}
    async with served(app, settings) as http:
        async with http.get(path) as response:
            assert 'value="neuro-1"' in await response.text()
        async with http.post(path, data=form, headers=here) as response:
            page = await response.text()
            assert response.status == 200
    assert "Acknowledged by neuro-1, on the board" in page
    assert "takes it, on the board" in page


async def test_a_key_pressed_in_a_call_acknowledges_once(
    engine: AsyncEngine, store_settings: StoreSettings, inbound: Inbound
) -> None:
    _, page_id = await paged_case(engine, channel="voice")
    path, form = key_path(page_id), {"CallSid": "CA1", "Digits": "4"}
    wrong = key_path(page_id, nonce="0" * 32)
    async with served(create_app(deps(engine, store_settings, inbound)), SETTINGS) as http:
        assert await post(http, wrong, form, signed(wrong, form)) == 403
        assert await post(http, path, form, {}) == 403
        assert await post(http, path, {**form, "x": "y" * 17_000}, {}) == 413
        for _ in range(3):
            async with http.post(path, data=form, headers=signed(path, form)) as response:
                assert (response.status, "<Hangup" in await response.text()) == (200, True)
    async with transaction(engine) as connection:
        incident = (await connection.execute(select(incidents))).one()
        answers = (await connection.execute(select(func.count()).select_from(incident_answers))).scalar_one()
        keys = select(func.count()).select_from(page_events).where(page_events.c.kind == "key")
        assert (answers, (await connection.execute(keys)).scalar_one()) == (1, 1)
    assert (incident.state, incident.acknowledged_by, incident.acknowledged_how) == ("acknowledged", "neuro-1", "voice")


async def test_a_star_says_the_script_again_and_answers_nothing(
    engine: AsyncEngine, store_settings: StoreSettings, inbound: Inbound
) -> None:
    _, page_id = await paged_case(engine, channel="voice")
    path, form = key_path(page_id), {"CallSid": "CA1", "Digits": "*"}
    app = create_app(deps(engine, store_settings, inbound))
    async with served(app, SETTINGS) as http, http.post(path, data=form, headers=signed(path, form)) as response:
        twiml = await response.text()
    assert ("<Gather" in twiml, "Case K, 7." in twiml) == (True, True)
    async with transaction(engine) as connection:
        assert (await connection.execute(select(incidents.c.state))).scalar_one() == "open"


async def test_what_comes_next_is_read_with_the_policy(engine: AsyncEngine, inbound: Inbound) -> None:
    case, _ = await paged_case(engine)

    class Known:
        def ages(self, now: object) -> tuple[()]:
            return ()

        policy = staticmethod(inbound._board._taking.rules.policy)

    found = await StoreReads(engine, SETTINGS, Known()).case(case.reference)
    assert found is not None
    assert found[0].incidents[0].next_step is not None
    assert found[0].incidents[0].next_step.number == 1
    assert await queries.read_case(engine, "2222") is None
