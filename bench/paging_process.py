"""One pager in a process of its own, composed as the role composes it, without Kafka; it may be told when to die.

The process is forked from a warm server that has imported everything (multiprocessing's fork server), so that a life
costs some hundredths of a second. Who calls it: ``bench.paging_lives``.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import structlog

from alerting.channels.paced import paced
from alerting.channels.twilio.settings import TwilioSettings
from alerting.channels.twilio.sms import TwilioSms
from alerting.channels.twilio.voice import TwilioVoice
from alerting.core.contacts import ChannelName
from alerting.pager.publishing import NoEvents
from alerting.pager.service import PagerPorts
from alerting.roster import StaticRoster
from alerting.settings import PagingSettings
from bench.paging_broken import Variant, make_pager
from bench.paging_deadly import DeadlyLoop
from bench.paging_seeds import KillPoint
from store.engine import StoreSettings, open_engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """All that a pager process is given."""

    paging: PagingSettings
    twilio: TwilioSettings
    store: StoreSettings
    variant: Variant = Variant.REAL
    dies_at: KillPoint | None = None
    log: Path | None = None


def warm_context() -> ForkServerContext:
    """The context in which lives begin; returns when its server has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    first = context.Process(target=_nothing)
    first.start()
    first.join()
    first.close()
    return context


def begin(context: ForkServerContext, life: Life) -> ForkServerProcess:
    """Start a life."""
    process = context.Process(target=live, args=(life,), daemon=True)
    process.start()
    return process


def live(life: Life) -> None:
    """Be a pager until killed."""
    log_to(life.log)
    with asyncio.Runner(loop_factory=lambda: DeadlyLoop(life.dies_at)) as runner:
        runner.run(_page(life))


async def _page(life: Life) -> None:
    base = life.paging.callback_base
    sms, voice = TwilioSms(life.twilio, callback_base=base), TwilioVoice(life.twilio, callback_base=base)
    ports = PagerPorts(
        engine=open_engine(life.store),
        store=life.store,
        channels={
            ChannelName.SMS: paced(sms, life.twilio.messages_per_s),
            ChannelName.VOICE: paced(voice, life.twilio.calls_per_s),
        },
        people=StaticRoster(life.paging),
        events=NoEvents(),
        inbox=sms,
    )
    await make_pager(life.paging, ports, life.variant).run(asyncio.Event())


def _nothing() -> None:
    """The shortest life."""


def log_to(path: Path | None) -> None:
    """What this process has to say goes to a file, or nowhere."""
    stream = (path or Path(os.devnull)).open("a", encoding="utf-8", buffering=1)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(stream))
    logging.disable(logging.CRITICAL)
