"""Settings of the workers: pathways, sources, limits. Built once by the composition root and passed down."""

from __future__ import annotations

import enum
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from streams.core.ranking import WaitLimits


class SourceKind(enum.StrEnum):
    """How the images of a source are reached."""

    SPOOL = "spool"
    DICOMWEB = "dicomweb"
    ORTHANC = "orthanc"


class SourceSettings(BaseModel):
    """An image source behind an alias; events carry the alias, only this object knows the address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: SourceKind
    url: str = ""
    user: str = ""
    password: SecretStr = SecretStr("")
    connections: int = Field(default=4, ge=1, le=16)


class WaitSettings(BaseModel):
    """How long a case may wait on the list before it is promoted, in minutes, by human priority."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stat_min: float = Field(default=15, gt=0)
    high_min: float = Field(default=30, gt=0)
    routine_min: float = Field(default=60, gt=0)

    def limits(self) -> WaitLimits:
        """As the ranking takes them."""
        return WaitLimits(
            timedelta(minutes=self.stat_min), timedelta(minutes=self.high_min), timedelta(minutes=self.routine_min)
        )


class WorkerSettings(BaseModel):
    """What all workers share."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: dict[str, SourceSettings] = Field(default_factory=dict)
    """Image sources besides the spool, by alias."""
    scratch: Path = Path(".codestroke/scratch")
    budgets_s: dict[str, float] = Field(default_factory=dict)
    """Seconds from the last slice to an outcome, by pathway; the pathway's own budget where absent."""
    decode_workers: int = Field(default=1, ge=1, le=16)
    heartbeat_s: float = Field(default=2.0, gt=0, le=10)
    stall_s: float = Field(default=20.0, ge=5, le=300)
    stop_s: float = Field(default=25.0, gt=0, le=600)
    """How long a stopping role may finish what it has; a peer that is away must not hold it for ever."""
    wait: WaitSettings = WaitSettings()

    def budgets(self) -> dict[str, timedelta]:
        """Budgets by pathway."""
        return {name: timedelta(seconds=seconds) for name, seconds in self.budgets_s.items()}
