"""Learns how long the provider's list hides an accepted message, and says how long to wait before a look-up.

Who calls it: ``alerting.pager.attempt`` asks for the wait and reports what was accepted; ``alerting.pager.service``
runs ``round``. Measuring is a sample, runs beside the paging, delays nothing, and ends with the pager.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from alerting.channels.port import NO_LIST, Channel, Outbound
from alerting.core import settling
from alerting.core.contacts import ChannelName
from alerting.core.settling import Observation
from alerting.pager.clock import SteadyClock
from alerting.pager.metrics import PagerMetrics
from alerting.settings import PagingSettings
from schemas.errors import PeerUnavailable, TransientError
from store import lags
from store.engine import transaction
from store.lags import Lag

_log = structlog.get_logger(__name__)
_FIRST_LOOK_S = 0.1
_GROWTH = 1.5
_LONGEST_LOOK_S = 30.0
_BETWEEN_SAMPLES_S = 10.0


class Settling:
    """The settle times of one pager's channels."""

    def __init__(
        self, engine: AsyncEngine, settings: PagingSettings, clock: SteadyClock, metrics: PagerMetrics
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._seen: Mapping[str, Sequence[Observation]] = {}
        self._fresh: list[tuple[str, Observation]] = []
        self._sampled: dict[str, int] = {}
        self._sampled_at_s: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def settle_s(self, channel: str) -> float:
        """Seconds to wait before a page in doubt of this channel is looked for."""
        if not self._settings.learn_settle:
            return self._settings.settle_s
        fresh = (observation for name, observation in self._fresh if name == channel)
        return settling.settle_s(
            [*self._seen.get(channel, ()), *fresh],
            start_s=self._settings.settle_s,
            least_s=self._settings.settle_least_s,
        )

    @property
    def measuring(self) -> int:
        """How many messages are being looked for now."""
        return len(self._tasks)

    def accepted(self, name: ChannelName, channel: Channel, message: Outbound, sid: str) -> None:
        """Take note of an accepted message; now and then the list is watched until it shows it."""
        if self._closed or not self._settings.learn_settle or not self._is_sampled(str(name)):
            return
        task = asyncio.create_task(self._measure(str(name), channel, message, sid), name=f"list-lag-{sid}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def round(self) -> None:
        """Take over what all pagers have seen.

        Raises:
            PeerUnavailable: PostgreSQL does not answer.
        """
        taken_over = len(self._fresh)
        async with transaction(self._engine) as connection:
            found = await lags.recent(connection)
        self._seen = {name: [Observation(lag.lag_s, lag.seen) for lag in known] for name, known in found.items()}
        self._fresh = self._fresh[taken_over:]
        for name in ChannelName:
            self._metrics.settle_seconds.labels(name).set(self.settle_s(name))

    async def close(self) -> None:
        """End what is being measured; nothing is learnt of it."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _is_sampled(self, name: str) -> bool:
        """The first ones all, later ones seldom: each costs the provider a dozen requests at most."""
        now_s, known = time.monotonic(), len(self._seen.get(name, ())) + self._sampled.get(name, 0)
        if known >= settling.ENOUGH and now_s - self._sampled_at_s.get(name, -_BETWEEN_SAMPLES_S) < _BETWEEN_SAMPLES_S:
            return False
        self._sampled[name] = self._sampled.get(name, 0) + 1
        self._sampled_at_s[name] = now_s
        return True

    async def _measure(self, name: str, channel: Channel, message: Outbound, sid: str) -> None:
        try:
            observation = await _watch(channel, message, sid)
            if observation is not None:
                await self._keep(name, observation)
        except TransientError as error:
            _log.warning("list_lag_unrecorded", channel=name, reason=error.reason)
        except Exception:  # noqa: BLE001  # supervisor edge: a measurement must never end anything else
            _log.exception("list_lag_broke", channel=name)

    async def _keep(self, name: str, observation: Observation) -> None:
        if observation.seen:
            self._metrics.list_lag_seconds.labels(name).observe(observation.lag_s)
        async with transaction(self._engine) as connection:
            now = await self._clock.now(connection)
            await lags.add(connection, name, Lag(observation.lag_s, observation.seen), now=now)
        self._fresh.append((name, observation))
        _log.info("list_lag", channel=name, lag_s=round(observation.lag_s, 3), seen=observation.seen)


async def _watch(channel: Channel, message: Outbound, sid: str) -> Observation | None:
    """Ask the list at growing intervals until it shows the message; None where it could never be asked.

    The lag counts until the answer that shows the message: it is never taken for shorter than it is.
    """
    started_s, pause_s = time.monotonic(), _FIRST_LOOK_S
    hidden_until_s: float | None = None
    while time.monotonic() - started_s < _LONGEST_LOOK_S:
        asked_s = time.monotonic() - started_s
        try:
            found = await channel.find(message)
        except PeerUnavailable as error:
            if error.reason == NO_LIST:
                return None
            found = None
        if found is not None and any(receipt.sid == sid for receipt in found):
            return Observation(time.monotonic() - started_s)
        if found is not None:
            hidden_until_s = asked_s
        await asyncio.sleep(pause_s)
        pause_s *= _GROWTH
    return None if hidden_until_s is None else Observation(hidden_until_s, seen=False)
