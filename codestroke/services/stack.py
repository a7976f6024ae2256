"""The embedded parts as one object: prepare, start, ask, break and stop them.

Used by ``codestroke services``, by the demo, by the tests and by the benchmarks. A *bound* stack (the default)
ends with the process that started it, however that ends; an unbound one outlives it. It decides nothing about
topics, tables or models; those belong to who uses the parts.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console

from codestroke.services import health, kafka, leftovers, ports, postgres, triton, triton_env
from codestroke.services.launch_spec import LaunchSpec
from codestroke.services.locking import exclusive
from codestroke.services.parts import (
    Endpoints,
    Layout,
    Part,
    PartState,
    PartStatus,
    Ports,
    StackConfig,
)
from codestroke.services.privileges import unprivileged_user
from codestroke.services.processes import wait_gone
from codestroke.services.readiness import wait_until_ready
from codestroke.services.status import describe
from codestroke.services.supervise import ProcessInfo, Supervisor
from schemas.errors import PeerUnavailable

__all__ = ["Endpoints", "Part", "PartState", "PartStatus", "Ports", "Stack", "StackConfig"]

_KILL_S = 10.0
_DOWN = ProcessInfo(state=PartState.DOWN, pid=None, uptime_s=None)


class Stack:
    """Kafka, PostgreSQL and Triton of one home."""

    def __init__(self, config: StackConfig, *, progress: Console | None = None, bound: bool = True) -> None:
        self._config = config
        self._cache = config.cache.expanduser().absolute()
        self._layout = Layout(config.home.expanduser().absolute())
        self._supervisor = Supervisor(self._layout)
        self._console = progress or Console(quiet=True)
        self._bound = bound

    @property
    def home(self) -> Path:
        """The absolute folder of this stack's data and logs."""
        return self._layout.home

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def prepare(self, parts: Iterable[Part] = tuple(Part)) -> None:
        """Download and build what ``parts`` need; does nothing that was done before.

        Raises PeerUnavailable if a registry does not answer, PermanentError if a checksum is wrong.
        """
        wanted = set(parts)
        if Part.KAFKA in wanted:
            kafka.prepare(self._cache, self._console)
        if Part.POSTGRES in wanted:
            postgres.binaries(unprivileged_user())
        if Part.TRITON in wanted:
            triton_env.ensure(self._cache, self._console)

    def up(self, parts: Sequence[Part] = tuple(Part)) -> Endpoints:
        """Start ``parts`` unless they run, and return their addresses when all are ready.

        Raises PeerUnavailable, with the end of its log, for a part that does not become ready.
        """
        self.prepare(parts)
        for folder in (self._layout.run, self._layout.home / "logs"):
            folder.mkdir(parents=True, exist_ok=True)
        with exclusive(self._layout.run / "up.lock"):
            settled = self._start(parts)
        for part in parts:
            self._await(part, settled)
            if part is Part.POSTGRES:
                health.ensure_database(settled.postgres)
        endpoints = Endpoints.at(settled)
        (self._layout.home / "endpoints.json").write_text(json.dumps(asdict(endpoints), indent=1) + "\n")
        return endpoints

    def _start(self, parts: Sequence[Part]) -> Ports:
        absent = self._supervisor.pid() is None
        if absent:
            leftovers.sweep(self._layout)
        idle = {part for part in parts if self._info(part).state in (PartState.DOWN, PartState.FAILED)}
        settled = ports.settle(self._config.ports, ports.load(self._layout.ports_file), idle)
        ports.save(self._layout.ports_file, settled)
        for part in sorted(idle):
            self._layout.spec(part).write_text(self._spec(part, settled).render())
        if absent:
            self._supervisor.start(owner_pid=os.getpid() if self._bound else None)
        for part in sorted(idle):
            self._supervisor.start_part(part)
        return settled

    def _spec(self, part: Part, settled: Ports) -> LaunchSpec:
        if part is Part.KAFKA:
            return kafka.spec(self._layout, settled, self._cache, self._console)
        if part is Part.POSTGRES:
            return postgres.spec(self._layout, settled)
        models = self._config.model_repository
        return triton.spec(self._layout, settled, self._cache, models=models, console=self._console)

    def _await(self, part: Part, settled: Ports) -> None:
        try:
            wait_until_ready(
                part, lambda: health.probe(part, settled), lambda: self._info(part), self._layout.log(part)
            )
        except PeerUnavailable:
            self._supervisor.stop_part(part)
            raise

    def down(self) -> None:
        """Stop every part of this home, and whatever outlived a supervisor that was killed."""
        self._supervisor.shutdown()
        leftovers.sweep(self._layout)

    def purge(self) -> None:
        """Stop everything and delete all data of this home, also what lies outside it for an unprivileged user."""
        self.down()
        outside = postgres.data_folder(self._layout, unprivileged_user())
        for folder in (outside, self._layout.home):
            shutil.rmtree(folder, ignore_errors=True)

    def status(self) -> list[PartStatus]:
        """State, address, version, memory and log of each part, running or not."""
        known = ports.load(self._layout.ports_file) or self._config.ports
        return [describe(part, self._info(part), known, self._layout.log(part)) for part in Part]

    def _info(self, part: Part) -> ProcessInfo:
        if self._supervisor.pid() is None:
            return _DOWN
        return self._supervisor.info(part)

    def pid(self, part: Part) -> int:
        """The process id of the real server. Raises PeerUnavailable if it does not run."""
        pid = self._info(part).pid
        if pid is None:
            raise PeerUnavailable(f"{part} is not running", reason="part_down")
        return pid

    def kill(self, part: Part) -> None:
        """End the real server by SIGKILL and return when it is gone; the supervisor brings it back."""
        pid = self.pid(part)
        os.kill(pid, signal.SIGKILL)
        if not wait_gone(pid, _KILL_S):
            raise PeerUnavailable(f"{part} (pid {pid}) did not end by SIGKILL", reason="part_unkillable")

    def restart(self, part: Part) -> None:
        """Stop ``part`` in order, start it, and return when it is ready."""
        self.stop(part)
        self.start(part)

    def stop(self, part: Part) -> None:
        """Stop one part in order; it stays down until `start` or `up`."""
        if self._info(part).pid is not None:
            self._supervisor.stop_part(part)

    def start(self, part: Part) -> None:
        """Start one part that was up before, and return when it is ready."""
        self.up((part,))

    def wait_ready(self, part: Part) -> None:
        """Return when ``part`` is ready, for example after `kill`. Raises PeerUnavailable if it does not recover."""
        self._await(part, ports.load(self._layout.ports_file) or self._config.ports)
