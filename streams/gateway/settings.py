"""Settings of the gateway: frozen, built once by the composition root, each default written here only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretBytes, SecretStr, field_validator

from streams.core.readiness import Patience
from streams.gateway.facts import FactsReader

ANY_AE_TITLE = "*"
"""In ``allowed_ae_titles``: every calling AE title is accepted."""

# PS3.5 section 6.2, VR AE: at most 16 characters, no backslash or control characters, not only spaces.
AeTitle = Annotated[str, Field(pattern=r"^[ -\[\]-~]{1,16}$")]
Alias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,31}$")]


class Frozen(BaseModel):
    """Base of settings: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PacsWatch(Frozen):
    """A PACS that is watched; ``alias`` is what events name as their image source."""

    alias: Alias
    url: Annotated[str, Field(pattern=r"^https?://")]
    user: str = ""
    password: SecretStr = SecretStr("")
    poll_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    backoff_max_s: Annotated[float, Field(gt=0, le=300)] = 10.0
    from_start: bool = False
    """On the very first start, also announce what the PACS already holds."""


class OrthancWatch(PacsWatch):
    """An Orthanc, watched by ``/changes``; ``url`` is the root of its REST API."""


class QidoWatch(PacsWatch):
    """Any DICOMweb server, watched by QIDO-RS; ``url`` is the DICOMweb root (above ``/studies``)."""

    poll_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    days: Annotated[int, Field(ge=1, le=30)] = 1
    """How many days before today are asked for as well, for studies that cross midnight."""


class QuietSettings(Frozen):
    """How long to wait for more slices, in seconds; see ``streams.core.readiness.Patience``."""

    geometry_wait_s: Annotated[float, Field(ge=0, le=2)] = 0.5
    quiet_min_s: Annotated[float, Field(ge=0.1, le=60)] = 2.0
    quiet_max_s: Annotated[float, Field(ge=0.1, le=60)] = 8.0
    amend_quiet_s: Annotated[float, Field(ge=0.1, le=600)] = 8.0
    hard_limit_s: Annotated[float, Field(ge=1, le=3600)] = 60.0

    def patience(self) -> Patience:
        """The same, as the pure rules want it."""
        return Patience(
            geometry_wait_s=self.geometry_wait_s,
            quiet_min_s=self.quiet_min_s,
            quiet_max_s=self.quiet_max_s,
            amend_quiet_s=self.amend_quiet_s,
            hard_limit_s=self.hard_limit_s,
        )


class GatewayOptions(Frozen):
    """What is told to the gateway alone; each has a default."""

    ae_title: AeTitle = "CODESTROKE"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 11112
    """0 lets the system choose; ``Gateway.port`` then tells."""
    allowed_ae_titles: tuple[AeTitle, ...] = ()
    """Calling AE titles that may store; empty refuses everybody, ``*`` accepts everybody."""
    max_associations: Annotated[int, Field(ge=1, le=200)] = 20
    association_idle_s: Annotated[float, Field(gt=0, le=3600)] = 60.0
    source: Alias = "spool"
    time_zone: str = "UTC"
    """Zone of acquisition times whose dataset has no TimezoneOffsetFromUTC (0008,0201)."""
    quiet: QuietSettings = QuietSettings()
    orthanc: tuple[OrthancWatch, ...] = ()
    qido: tuple[QidoWatch, ...] = ()
    keep_days: Annotated[float, Field(gt=0, le=365)] = 7.0
    """How long an announced study stays in the spool: as long as its events stay on Kafka."""
    refused_keep: Annotated[int, Field(ge=0, le=10000)] = 100
    """How many unparsable datasets are kept in ``<spool>/.refused`` for the engineer to look at."""
    announce_retry_max_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    """Longest pause between attempts to announce while Kafka is down."""

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no such time zone: {value}") from error
        return value


class GatewaySettings(GatewayOptions):
    """Everything the gateway needs to know: its options and what it shares with other roles."""

    spool: Path
    site: str
    site_key: SecretBytes


def facts_reader(settings: GatewaySettings) -> FactsReader:
    """How this site's headers are read."""
    return FactsReader(settings.site_key.get_secret_value(), ZoneInfo(settings.time_zone))
