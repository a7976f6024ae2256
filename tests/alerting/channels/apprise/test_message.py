"""Messages against a real mail server and a real web server on loopback: confirmed, in doubt, or never sent."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiosmtpd.handlers import Message as MailHandler
from aiosmtpd.smtp import SMTP
from pydantic import SecretStr

from alerting.channels.apprise.message import AppriseMessages
from alerting.channels.apprise.settings import MessageSettings
from alerting.channels.port import NO_LIST, Outbound, ReceiptState
from alerting.core.sending import SendKind, SendOutcome
from schemas.errors import BadSettings, PeerUnavailable

# One of the library's plugins looks for a module that left Python with 3.13.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
SECRET = "hook-password"


class _Mailbox(MailHandler):
    """Keeps what a mail server received."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[str] = []

    def handle_message(self, message: object) -> None:
        payload = message.get_payload(decode=True)  # type: ignore[attr-defined]
        self.bodies.append(payload.decode())


def _page(recipient: str = "neuro-1") -> Outbound:
    return Outbound(
        page_id="p",
        attempt_id="a1",
        nonce="n",
        to="+447700900001",
        recipient=recipient,
        body="CODESTROKE TEST #K7FQ-T1",
        created_at=datetime.now(UTC),
    )


async def _send(url: str, *, timeout_s: float = 2.0, recipient: str = "neuro-1") -> SendOutcome:
    settings = MessageSettings(timeout_s=timeout_s, socket_timeout_s=timeout_s)
    channel = AppriseMessages({"neuro-1": SecretStr(url)}, settings)
    try:
        return await channel.send(_page(recipient))
    finally:
        await channel.close()


@asynccontextmanager
async def _hook(status: int, *, after_s: float = 0.0) -> AsyncIterator[tuple[str, list[dict[str, str]]]]:
    received: list[dict[str, str]] = []

    async def take(request: web.Request) -> web.Response:
        received.append(await request.json())
        await asyncio.sleep(after_s)
        return web.Response(status=status)

    app = web.Application()
    app.add_routes([web.post(f"/{SECRET}", take)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"json://127.0.0.1:{runner.addresses[0][1]}/{SECRET}", received
    finally:
        await runner.cleanup()


async def test_a_mail_server_that_takes_it_has_accepted_it() -> None:
    mailbox = _Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, hostname="localhost"), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    outcome = await _send(f"mailto://127.0.0.1:{port}?from=cs@example.org&to=neuro@example.org&format=text")
    server.close()
    assert (outcome.kind, outcome.sid) == (SendKind.ACCEPTED, "message/a1")
    (body,) = mailbox.bodies
    assert "CODESTROKE TEST #K7FQ-T1" in body
    assert "replies to this message are not read" in body


async def test_a_hook_gets_it_once() -> None:
    async with _hook(200) as (url, received):
        assert (await _send(url)).kind is SendKind.ACCEPTED
    assert [item["title"] for item in received] == ["codestroke page"]


async def test_a_hook_that_fails_leaves_it_in_doubt_and_is_not_asked_again() -> None:
    async with _hook(500) as (url, received):
        outcome = await _send(url)
    assert (outcome.kind, outcome.reason) == (SendKind.AMBIGUOUS, "not_confirmed")
    assert len(received) == 1


async def test_a_hook_that_hangs_is_given_up_in_time() -> None:
    async with _hook(200, after_s=1.5) as (url, _):
        started = asyncio.get_running_loop().time()
        outcome = await _send(url, timeout_s=0.4)
        took_s = asyncio.get_running_loop().time() - started
    assert outcome.kind is SendKind.AMBIGUOUS
    assert took_s < 1.2


async def test_nobody_listens_and_no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert (await _send(f"json://127.0.0.1:{port}/{SECRET}")).kind is SendKind.AMBIGUOUS
    assert SECRET not in caplog.text


async def test_a_person_without_an_address_is_refused_for_good() -> None:
    outcome = await _send("json://127.0.0.1:9", recipient="somebody-else")
    assert (outcome.kind, outcome.reason) == (SendKind.PERMANENT, "no_address")


def test_an_address_that_is_none_is_named_by_its_person_alone() -> None:
    with pytest.raises(BadSettings, match="neuro-1") as refused:
        AppriseMessages({"neuro-1": SecretStr(f"nonsense://{SECRET}")}, MessageSettings())
    assert SECRET not in str(refused.value)


async def test_there_is_no_list_and_no_receipt() -> None:
    channel = AppriseMessages({}, MessageSettings())
    with pytest.raises(PeerUnavailable) as raised:
        await channel.find(_page())
    assert raised.value.reason == NO_LIST
    assert (await channel.receipt("message/a1")).state is ReceiptState.ON_ITS_WAY
    await channel.close()
