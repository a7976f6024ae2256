"""The copies of calendars: the newest good one stays, a failed check is noted beside it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.rota.copies import StoredCopies, digest_of
from schemas.errors import PeerUnavailable
from store.engine import StoreSettings, open_engine
from store.rota import CalendarCopy, CopyHead

NOW = datetime(2027, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
TEXT = "BEGIN:VCALENDAR \N{SNOWMAN}"


def _copy(body: str = TEXT, *, now: datetime = NOW) -> CalendarCopy:
    return CalendarCopy(name="neuro", body=body, etag='"1"', now=now)


@pytest.mark.integration
async def test_a_failed_check_leaves_text_and_age_and_a_good_one_renews_the_age(engine: AsyncEngine) -> None:
    copies = StoredCopies(engine)
    assert not await copies.note_check("neuro", now=NOW)
    await copies.save(_copy())
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    head = CopyHead(name="neuro", etag='"1"', fetched_at=NOW, checked_at=NOW, error="", digest=digest)
    assert await copies.heads(["neuro", "other"]) == {"neuro": head}
    assert (digest_of(TEXT), await copies.body("neuro"), await copies.body("other")) == (digest, TEXT, None)
    assert await copies.note_check("neuro", now=LATER, error="timeout")
    failed = (await copies.heads(["neuro"]))["neuro"]
    assert (failed.fetched_at, failed.checked_at, failed.error) == (NOW, LATER, "timeout")
    await copies.note_check("neuro", now=LATER)
    good = (await copies.heads(["neuro"]))["neuro"]
    assert (good.fetched_at, good.error) == (LATER, "")


@pytest.mark.integration
async def test_an_older_text_does_not_replace_a_newer_one(engine: AsyncEngine) -> None:
    copies = StoredCopies(engine)
    await copies.save(_copy("new", now=LATER))
    await copies.save(_copy("old", now=NOW))
    assert await copies.body("neuro") == "new"


async def test_a_store_that_is_away_is_said_so() -> None:
    engine = open_engine(StoreSettings.model_validate({"url": "postgresql+psycopg://nobody@127.0.0.1:1/none"}))
    with pytest.raises(PeerUnavailable):
        await StoredCopies(engine).heads(["neuro"])
    await engine.dispose()
