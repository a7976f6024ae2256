"""A whole codestroke on this machine: parts, store, topics, carrier and roles; everything stops with the block.

Used by the demo, the benchmarks and the integration tests.
"""

from __future__ import annotations

import json
import secrets
import shutil
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from alerting.channels.twilio.callbacks import REPLY_ROUTE
from codestroke.demo.cast import Cast, prompt_cast
from codestroke.fleet import Fleet, FleetPlan
from codestroke.fleet.plan import carrier_program
from codestroke.services.stack import Endpoints, Ports, Stack, StackConfig
from schemas.topics import all_topics
from simulator.carrier.settings import CarrierSettings, FaultSettings
from store import migrate
from store.engine import StoreSettings
from streams.kafka import admin
from streams.kafka.settings import KafkaSettings
from streams.pathways import all_pathways

CALLERS = ("SIM-CT", "SIM-XR")
READY_TIMEOUT_S = 120.0
_HTTP_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSettings:
    """What a scene may be told.

    Attributes:
        home: data of this scene; emptied first.
        cache: downloads, kept between scenes.
        small: fewer processes, for a laptop.
        board_port: 0 chooses a free one.
        cast: the people and their phones.
        faults: of the simulated carrier.
        extra: settings of the roles by environment name.
    """

    home: Path
    cache: Path
    small: bool = True
    board_port: int = 0
    cast: Cast = field(default_factory=lambda: prompt_cast(4.0))
    faults: FaultSettings = field(default_factory=FaultSettings)
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """A running scene."""

    stack: Stack
    fleet: Fleet
    plan: FleetPlan
    endpoints: Endpoints
    roles_up_s: float
    """Seconds from the start of the roles until all were ready."""

    @property
    def board_url(self) -> str:
        """Address of the live board."""
        return f"http://127.0.0.1:{self.plan.board_port}/"

    def carrier_ledger(self) -> list[dict[str, Any]]:
        """Every message that the carrier accepted, by its own account."""
        with urllib.request.urlopen(f"{self.plan.carrier_url}/_ledger", timeout=_HTTP_TIMEOUT_S) as answer:  # noqa: S310
            entries: list[dict[str, Any]] = json.load(answer)["accepted"]
            return entries

    def kafka(self) -> KafkaSettings:
        """How to reach the scene's Kafka."""
        return KafkaSettings(bootstrap=self.endpoints.kafka_bootstrap)

    def store(self) -> StoreSettings:
        """How to reach the scene's store."""
        return StoreSettings.model_validate({"url": self.endpoints.postgres_url})


@contextmanager
def open_scene(settings: SceneSettings, console: Console) -> Iterator[Scene]:
    """Start everything, yield, stop everything that was started, whatever happens."""
    home = settings.home.expanduser().absolute()
    stack = Stack(StackConfig(home=home / "parts", cache=settings.cache, ports=Ports()), progress=console)
    stack.purge()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    try:
        console.print("parts: Apache Kafka, PostgreSQL, Triton")
        endpoints = stack.up()
        _prepare_parts(endpoints)
        plan = _plan(settings, home, endpoints)
        fleet = Fleet(plan, {"carrier": carrier_program(_carrier_file(settings, plan))})
        console.print(f"roles: {', '.join(fleet.names)}, and a simulated phone carrier")
        started = time.monotonic()
        try:
            fleet.start()
            fleet.wait_ready(timeout_s=READY_TIMEOUT_S)
            yield Scene(stack, fleet, plan, endpoints, time.monotonic() - started)
        finally:
            with _undisturbed():
                fleet.stop()
    finally:
        with _undisturbed():
            stack.down()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let an impatient second Ctrl-C wait until everything that was started has been stopped."""
    held = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, held)


def _prepare_parts(endpoints: Endpoints) -> None:
    migrate.upgrade(StoreSettings.model_validate({"url": endpoints.postgres_url}))
    wanted = all_topics([pathway.name for pathway in all_pathways()])
    admin.apply(KafkaSettings(bootstrap=endpoints.kafka_bootstrap), wanted)


def _plan(settings: SceneSettings, home: Path, endpoints: Endpoints) -> FleetPlan:
    gateway, carrier, board = (free_port() for _ in range(3))
    return FleetPlan(
        home=home,
        endpoints=endpoints,
        site_key=secrets.token_hex(16),
        gateway_port=gateway,
        board_port=settings.board_port or board,
        carrier_url=f"http://127.0.0.1:{carrier}",
        contacts={code: phone.number for code, phone in settings.cast.phones.items()},
        teams=settings.cast.teams,
        policies=settings.cast.policies,
        desk=tuple(settings.cast.desk),
        webhooks=settings.cast.webhooks,
        callers=CALLERS,
        account_sid="AC" + secrets.token_hex(16),
        auth_token=secrets.token_hex(16),
        from_number="+15005550006",
        small=settings.small,
        extra=settings.extra,
    )


def _carrier_file(settings: SceneSettings, plan: FleetPlan) -> Path:
    webhook = f"http://127.0.0.1:{plan.board_port}{REPLY_ROUTE}" if plan.webhooks else None
    carrier = CarrierSettings(
        port=int(plan.carrier_url.rsplit(":", 1)[1]),
        account_sid=plan.account_sid,
        number=plan.from_number,
        phones=tuple(settings.cast.phones.values()),
        sms_webhook_url=webhook,
        faults=settings.faults,
    )
    path = plan.home / "carrier.json"
    path.write_text(json.dumps({**carrier.model_dump(mode="json"), "auth_token": plan.auth_token}))
    path.chmod(0o600)
    return path


def free_port() -> int:
    """A TCP port of the loopback interface that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
