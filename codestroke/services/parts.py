"""The words of the embedded parts: which there are, where they live, on which ports, how they fare.

Everybody who starts or asks about a part uses these values; nothing here does I/O.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
from dataclasses import dataclass
from pathlib import Path


class Part(enum.StrEnum):
    """One embedded server."""

    KAFKA = "kafka"
    POSTGRES = "postgres"
    TRITON = "triton"


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports on 127.0.0.1; 0 means "choose a free one and keep it for this home"."""

    kafka: int = 0
    kafka_controller: int = 0
    postgres: int = 0
    triton_grpc: int = 0
    triton_http: int = 0
    triton_metrics: int = 0

    def of(self, part: Part) -> dict[str, int]:
        """The ports that ``part`` listens on, by field name."""
        return {name: port for name, port in dataclasses.asdict(self).items() if name.split("_")[0] == part}


@dataclass(frozen=True, slots=True)
class StackConfig:
    """Where the parts keep data (``home``) and downloads (``cache``), and what Triton serves."""

    home: Path
    cache: Path
    ports: Ports = Ports()
    model_repository: Path | None = None


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses that clients use; present whether or not the part was asked for."""

    kafka_bootstrap: str
    postgres_url: str
    triton_grpc: str
    triton_http: str
    triton_metrics: str

    @classmethod
    def at(cls, ports: Ports) -> Endpoints:
        """The addresses of parts listening on ``ports`` of the loopback interface."""
        return cls(
            kafka_bootstrap=f"127.0.0.1:{ports.kafka}",
            postgres_url=f"postgresql+psycopg://codestroke@127.0.0.1:{ports.postgres}/codestroke",
            triton_grpc=f"127.0.0.1:{ports.triton_grpc}",
            triton_http=f"127.0.0.1:{ports.triton_http}",
            triton_metrics=f"127.0.0.1:{ports.triton_metrics}",
        )


class PartState(enum.StrEnum):
    """What the supervisor says of a part; ``running`` alone does not mean ready."""

    DOWN = "down"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    RESTARTING = "restarting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One line of ``codestroke services status``; ``address`` is where clients connect, Triton's by gRPC."""

    part: Part
    state: PartState
    ready: bool
    pid: int | None
    address: str
    ports: dict[str, int]
    version: str | None
    rss_mb: float | None
    uptime_s: int | None
    log: Path


@dataclass(frozen=True, slots=True)
class Layout:
    """Every path under the home, so that no other module joins path names."""

    home: Path

    @property
    def run(self) -> Path:
        """Process ids, launch specifications and the supervisor's own files."""
        return self.home / "run"

    @property
    def ports_file(self) -> Path:
        """The ports chosen for this home."""
        return self.home / "ports.json"

    def log(self, part: str) -> Path:
        """The log of one part: what it wrote to standard output and error."""
        return self.home / "logs" / f"{part}.log"

    def spec(self, part: str) -> Path:
        """What ``launch.py`` reads to start a part."""
        return self.run / f"{part}.json"

    def pid_file(self, part: str) -> Path:
        """Written by ``launch.py`` just before it becomes the part."""
        return self.run / f"{part}.pid"

    def data(self, part: Part) -> Path:
        """The part's own data directory."""
        return self.home / part

    @property
    def key(self) -> str:
        """Eight characters that tell this home from others on the machine."""
        return hashlib.sha256(str(self.home).encode()).hexdigest()[:8]
