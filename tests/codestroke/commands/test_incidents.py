"""``codestroke incidents`` on a real store: six fields for every communication, as JSON, CSV and FHIR."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.record.reading import read_accounts
from codestroke.cli import main
from store.engine import StoreSettings, open_engine
from tests.alerting.pager.ward import PEOPLE, Ward

pytestmark = pytest.mark.integration


@pytest.fixture
async def engine(store_settings: StoreSettings) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(store_settings)
    yield opened
    await opened.dispose()


@pytest.fixture
async def code(engine: AsyncEngine, store_settings: StoreSettings, monkeypatch: pytest.MonkeyPatch) -> str:
    """An incident whose text Ann answered; the commands see its store."""
    monkeypatch.setenv("CODESTROKE_STORE__URL", store_settings.url.get_secret_value())
    monkeypatch.setenv("CODESTROKE_SITE_KEY", "a site key of the tests")
    ward = Ward(engine)
    incident_id, code = await ward.opens()
    await ward.was_sent(incident_id)
    await ward.replies_with("ann", f"1 {code}")
    return code


async def _run(*arguments: str) -> None:
    """The command, in a thread of its own because it runs an event loop of its own."""
    try:
        with pytest.raises(SystemExit) as ended:
            await asyncio.to_thread(main, ["incidents", *arguments])
    finally:
        structlog.reset_defaults()  # the command pointed it at an output that this test closes
    assert ended.value.code == 0


async def test_the_record_is_read_from_the_store(code: str, engine: AsyncEngine) -> None:
    (account,) = await read_accounts(engine, reference=code)
    assert (account.incident.acknowledged_by, [page.recipient for page in account.pages]) == ("ann", ["ann"])
    assert [(answer.person, answer.kind, answer.how) for answer in account.answers] == [("ann", "acknowledge", "sms")]
    assert await read_accounts(engine, since=datetime.now(UTC)) == ()


async def test_show_tells_who_was_told_and_who_received(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    await _run("show", code.lower(), "--json")
    (told,) = json.loads(capsys.readouterr().out.splitlines()[-1])["communications"]
    assert (told["finding"], told["told_by"] != "", told["received_by"], told["how"]) == (
        "lvo detected, left M1", True, "ann", "sms",
    )  # fmt: skip
    assert told["found_at"] <= told["answered_at"]


@pytest.mark.parametrize("form", ["csv", "fhir"])
async def test_what_is_exported_names_no_number(code: str, form: str, tmp_path: Path) -> None:
    out = tmp_path / "record"
    await _run("export", "--format", form, "--out", str(out))
    text = out.read_text()
    assert code in text
    assert not any(number in text for number in PEOPLE.values())
    if form == "csv":
        assert len(list(csv.DictReader(io.StringIO(text)))) == 1
    else:
        assert json.loads(text)["entry"][0]["resource"]["resourceType"] == "Communication"
