"""The page that proves the path: sent once an interval by whichever pager comes first, and missed aloud.

Who calls it: ``alerting.pager.service``, where ``paging.heartbeat`` is set. A pager that does not run cannot miss it:
that is what the gauge is for, and the board's age of the newest heartbeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from alerting.core.contacts import ChannelName
from alerting.core.heartbeat import Beat, PathState, age_s, beat_id, path_state
from alerting.core.notices import heartbeat_text, with_mark
from alerting.core.planning import MessageKind
from alerting.pager import alarms
from alerting.pager.alarms import Alarm
from alerting.pager.clock import SteadyClock
from alerting.pager.metrics import PagerMetrics
from alerting.pager.rules import Rules
from alerting.pager.standings import new_nonce
from alerting.settings import HeartbeatSettings
from store import desk, outbox
from store.desk import NoticeKind, notice_id_of
from store.engine import transaction
from store.outbox import PageIntent
from store.tables import page_outbox

_log = structlog.get_logger(__name__)
_LOOKED_AT = 20
_PATH = "path"


class Heartbeat:
    """One pager's share of the heartbeat."""

    def __init__(
        self,
        engine: AsyncEngine,
        settings: HeartbeatSettings,
        rules: Rules,
        clock: SteadyClock,
        metrics: PagerMetrics,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._rules = rules
        self._clock = clock
        self._metrics = metrics

    async def round(self) -> PathState:
        """Send the heartbeat of this interval where nobody has, and judge the earlier ones.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        async with transaction(self._engine) as connection:
            now = await self._clock.now(connection)
            await outbox.add(connection, self._intent(now), now=now)
            beats = await _beats(connection)
            state = path_state(beats, within_s=self._settings.within_s, now=now)
            await self._tell(connection, state, now)
        self._metrics.heartbeat_age.set(age_s(beats, now))
        return state

    async def _tell(self, connection: AsyncConnection, state: PathState, now: datetime) -> None:
        if state is PathState.MISSED:
            alarm = Alarm(kind=NoticeKind.HEARTBEAT_MISSED, about=_PATH)
            await alarms.tell_desk(connection, self._rules, alarm, now=now)
        if state is PathState.PROVEN:
            await desk.clear(connection, notice_id_of(NoticeKind.HEARTBEAT_MISSED, _PATH), by="pager", now=now)

    def _intent(self, now: datetime) -> PageIntent:
        page_id = beat_id(self._settings.to, every_s=self._settings.every_s, now=now)
        return PageIntent(
            page_id=page_id,
            incident_id=None,
            recipient=self._settings.to,
            channel=ChannelName.SMS,
            step=0,
            body=with_mark(heartbeat_text(), page_id, "H"),
            nonce=new_nonce(),
            due_at=now,
            kind=MessageKind.HEARTBEAT,
        )


async def _beats(connection: AsyncConnection) -> Sequence[Beat]:
    """The newest heartbeats, newest first."""
    page = page_outbox.c
    statement = (
        select(page.created_at, page.delivered_at)
        .where(page.kind == MessageKind.HEARTBEAT)
        .order_by(page.created_at.desc())
        .limit(_LOOKED_AT)
    )
    return [Beat(row.created_at, row.delivered_at) for row in await connection.execute(statement)]
