"""The workers' composition root: which adapters a role is made of, and its life.

A process may host several roles; each lane of each keeps a Faust app and consumer group of its own, so that hosting
them together or apart changes nothing on the broker, and no lane waits behind another.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import faust
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import topics
from schemas.errors import BadSettings, CodestrokeError, PeerUnavailable
from schemas.priorities import Lane
from streams.agents.analyser import Analyser
from streams.agents.analysis import Analysis
from streams.agents.decider import ROLE as DECIDER
from streams.agents.decider import Decider
from streams.agents.decision import Decision
from streams.agents.images import Images
from streams.agents.router import ROLE as ROUTER
from streams.agents.router import Router
from streams.dicom.pool import DecodePool
from streams.inference.client import ServedModel
from streams.inference.gate import Gate
from streams.inference.settings import TritonSettings
from streams.kafka.app import make_app
from streams.kafka.consume import Consumer, attach
from streams.kafka.emit import Emitter, FaustEmitter
from streams.kafka.settings import KafkaSettings
from streams.kafka.watchdog import Watchdog
from streams.pathways import Pathway, all_pathways
from streams.settings import WorkerSettings
from streams.sources import open_sources
from triton_models.contracts import load_contract

_log = structlog.get_logger(__name__)
_MODEL_RETRY_S = 1.0
_MODEL_RETRY_MAX_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerDeps:
    """What the command line hands to the workers."""

    engine: AsyncEngine
    kafka: KafkaSettings
    triton: TritonSettings
    settings: WorkerSettings
    spool: Path
    site_key: bytes
    now: Callable[[], datetime]
    pathways: Sequence[Pathway] = field(default_factory=all_pathways)
    cut_off: Callable[[], None] = lambda: os._exit(1)
    """Ends the process without any cleaning up."""


def role_names(pathways: Sequence[Pathway] | None = None) -> tuple[str, ...]:
    """All worker roles."""
    found = all_pathways() if pathways is None else pathways
    return (ROUTER, *(pathway.name for pathway in found), DECIDER)


def group_of(role: str, *, urgent: bool) -> str:
    """App id and consumer group of a role's lane.

    A Faust consumer delivers in order: behind a full buffer of routine records an urgent one would wait, so each lane
    has a consumer of its own.
    """
    return f"{role}-{Lane.URGENT}" if urgent else role


def groups_of(role: str) -> tuple[str, ...]:
    """All consumer groups of a role."""
    return (role,) if role == DECIDER else tuple(group_of(role, urgent=urgent) for urgent in (False, True))


class WorkerHost:
    """Runs some roles in this process until told to stop."""

    def __init__(self, roles: Sequence[str], deps: WorkerDeps) -> None:
        unknown = sorted(set(roles) - set(role_names(deps.pathways)))
        if unknown or not roles:
            raise BadSettings(f"unknown worker roles {unknown}; there are: {', '.join(role_names(deps.pathways))}")
        self._roles, self._deps = tuple(dict.fromkeys(roles)), deps
        self._worker = f"{socket.gethostname()}-{os.getpid()}"
        self._running: dict[str, _Role] = {}
        self._waiting: dict[str, str] = {}
        self._decode_gate = Gate()

    def health(self) -> Mapping[str, object]:
        """Per role: whether it consumes, and what it waits for."""
        states = {role: self._waiting.get(role, "starting") for role in self._roles}
        states |= {role: state.describe() for role, state in self._running.items()}
        wanted = [group for role in self._roles for group in groups_of(role)]
        ready = all(group in self._running and self._running[group].consuming for group in wanted)
        return {"ready": ready, "roles": states, "worker": self._worker}

    async def run(self, stop: asyncio.Event) -> None:
        """Start every role and run until ``stop``; ends early, with an error, if a role's app crashes."""
        async with AsyncExitStack() as stack:
            decoder = DecodePool(workers=self._deps.settings.decode_workers)
            stack.callback(decoder.close)
            images = await self._images(decoder, stack)
            async with asyncio.TaskGroup() as group:
                for name in self._roles:
                    group.create_task(self._host(name, images, stop), name=f"role-{name}")

    async def _images(self, decoder: DecodePool, stack: AsyncExitStack) -> Images:
        if not any(pathway.name in self._roles for pathway in self._deps.pathways):
            return Images({}, decoder)
        await decoder.warm_up()
        self._deps.settings.scratch.mkdir(parents=True, exist_ok=True)
        sources = await stack.enter_async_context(open_sources(self._deps.settings.sources, self._deps.spool))
        return Images(sources, decoder)

    async def _host(self, name: str, images: Images, stop: asyncio.Event) -> None:
        apps = {name: self._app(name)}
        emitter = FaustEmitter(apps[name], timeout_s=self._deps.kafka.request_timeout_s)
        consumers, model = self._consumers(name, emitter, images)
        if model is not None and not await self._await_model(name, model, stop):
            return
        for consumer in consumers:
            group = group_of(name, urgent=consumer.topic.is_urgent)
            if group not in apps:
                apps[group] = self._app(group)
            attach(apps[group], consumer)
        async with asyncio.TaskGroup() as tasks:
            for group, app in apps.items():
                tasks.create_task(self._live(_Role(group, app, self._watchdog(name, group, app)), stop), name=group)
        if model is not None:
            await model.close()

    def _app(self, group: str) -> faust.App:
        return make_app(group, self._deps.kafka, folder=self._deps.settings.scratch)

    def _watchdog(self, name: str, group: str, app: faust.App) -> Watchdog:
        settings = self._deps.settings
        return Watchdog(
            app,
            FaustEmitter(app, timeout_s=self._deps.kafka.request_timeout_s),
            role=name,
            worker=f"{self._worker}-{group}",
            now=self._deps.now,
            every_s=settings.heartbeat_s,
            stall_s=settings.stall_s,
        )

    async def _live(self, role: _Role, stop: asyncio.Event) -> None:
        await role.app.start()
        self._running[role.name] = role
        _log.info("role_started", role=role.name, worker=self._worker)
        beat = asyncio.create_task(role.watchdog.run(stop))
        crashed = asyncio.create_task(_crash(role.app))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({stopping, crashed}, return_when=asyncio.FIRST_COMPLETED)
            if crashed.done() and not stop.is_set():
                raise PeerUnavailable(f"the Faust app of {role.name} crashed", reason="app_crashed")
        finally:
            for task in (beat, crashed, stopping):
                task.cancel()
            await self._end(role)
            self._running.pop(role.name, None)

    async def _end(self, role: _Role) -> None:
        """Let a role finish what it has; one that waits for a peer is cut off as by a crash, which loses nothing.

        Cancelling it would acknowledge records that were not processed; what was not committed comes again.
        """
        stopping = asyncio.ensure_future(role.app.stop())
        done, _ = await asyncio.wait({stopping}, timeout=self._deps.settings.stop_s)
        if not done:
            _log.critical("role_cut_off", role=role.name, after_s=self._deps.settings.stop_s)
            self._deps.cut_off()
        else:
            await stopping

    async def _await_model(self, name: str, model: ServedModel, stop: asyncio.Event) -> bool:
        wait_s = _MODEL_RETRY_S
        while not stop.is_set():
            try:
                await model.start()
            except CodestrokeError as error:
                self._waiting[name] = f"waiting for model {model.contract.name}: {error}"
                _log.error("model_not_serving", role=name, reason=error.reason, detail=str(error))
                await _pause(stop, wait_s)
                wait_s = min(_MODEL_RETRY_MAX_S, wait_s * 2)
            else:
                _log.info("model_verified", role=name, model=model.contract.name, version=model.contract.version)
                return True
        return False

    def _consumers(self, name: str, emitter: Emitter, images: Images) -> tuple[list[Consumer], ServedModel | None]:
        if name == ROUTER:
            return self._router(emitter), None
        if name == DECIDER:
            return [self._decider(emitter)], None
        pathway = next(item for item in self._deps.pathways if item.name == name)
        model = ServedModel(load_contract(pathway.model), self._deps.triton)
        return self._analyser(pathway, model, emitter, images), model

    def _router(self, emitter: Emitter) -> list[Consumer]:
        deps = self._deps
        router = Router(
            engine=deps.engine,
            emitter=emitter,
            pathways=deps.pathways,
            site_key=deps.site_key,
            limits=deps.settings.wait.limits(),
            now=deps.now,
            budgets=deps.settings.budgets(),
        )
        return [
            Consumer(role=ROUTER, topic=topic, handle=router.handle, emitter=emitter, now=deps.now)
            for topic in (topics.STUDY_ARRIVED_URGENT, topics.STUDY_ARRIVED)
        ]

    def _decider(self, emitter: Emitter) -> Consumer:
        decider = Decider(decision=make_decision(self._deps, actor=DECIDER), emitter=emitter, now=self._deps.now)
        return Consumer(
            role=DECIDER, topic=topics.CASE_OUTCOME, handle=decider.handle, emitter=emitter, now=self._deps.now
        )

    def _analyser(self, pathway: Pathway, model: ServedModel, emitter: Emitter, images: Images) -> list[Consumer]:
        analysis = Analysis(
            pathway=pathway,
            images=images,
            model=model,
            decode_gate=self._decode_gate,
            model_gate=Gate(),
            scratch=self._deps.settings.scratch,
        )
        analyser = Analyser(engine=self._deps.engine, emitter=emitter, analysis=analysis, now=self._deps.now)
        return [
            Consumer(
                role=pathway.name,
                topic=topics.case_requested(pathway.name, lane),
                handle=analyser.handle,
                on_failure=analyser.fail,
                emitter=emitter,
                now=self._deps.now,
            )
            for lane in Lane
        ]


def make_decision(deps: WorkerDeps, *, actor: str) -> Decision:
    """The decision as the decider and the watch over deadlines use it."""
    return Decision(
        engine=deps.engine,
        pathways=deps.pathways,
        limits=deps.settings.wait.limits(),
        now=deps.now,
        actor=actor,
    )


@dataclass(frozen=True, slots=True)
class _Role:
    name: str
    app: faust.App
    watchdog: Watchdog

    @property
    def consuming(self) -> bool:
        """A heartbeat came back through the role's own consumer."""
        return self.watchdog.last_return is not None

    def describe(self) -> str:
        return "consuming" if self.consuming else "started, no heartbeat returned yet"


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _crash(app: faust.App) -> None:
    while not app.crashed:  # noqa: ASYNC110 - Faust sets a flag, not an event that we could await
        await asyncio.sleep(0.5)
