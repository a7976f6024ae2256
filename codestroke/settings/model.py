"""The settings of a process, section by section; each section stands beside the code that it configures."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from alerting.channels.apprise.settings import MessageSettings
from alerting.channels.twilio.settings import TwilioSettings
from alerting.settings import PagingSettings
from board.settings import BoardSettings
from store.engine import StoreSettings
from streams.gateway.settings import GatewayOptions, GatewaySettings
from streams.inference.settings import TritonSettings
from streams.kafka.settings import KafkaSettings
from streams.settings import WorkerSettings

PREFIX = "CODESTROKE_"
_KEY_BYTES = 16


class LogFormat(enum.StrEnum):
    """How log lines look."""

    CONSOLE = "console"
    JSON = "json"


class LogSettings(BaseModel):
    """Logging."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: LogFormat = LogFormat.CONSOLE
    level: Annotated[str, Field(pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"


class HealthSettings(BaseModel):
    """Where a role serves ``/healthz`` and ``/metrics``; port 0 lets the system choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    file: Path | None = None
    """Write the chosen address here, for whoever started the process with port 0."""


class Settings(BaseSettings):
    """Everything a process of codestroke may be told.

    ``site_key`` keys the pseudonyms of studies and patients: without it a known UID could be looked up.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    site: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,10}$")] = "DEMO"
    site_key: SecretStr = SecretStr("")
    spool: Path = Path(".codestroke/spool")
    kafka: KafkaSettings = KafkaSettings()
    store: StoreSettings = StoreSettings()
    triton: TritonSettings = TritonSettings()
    gateway: GatewayOptions = GatewayOptions()
    worker: WorkerSettings = WorkerSettings()
    paging: PagingSettings = PagingSettings()
    twilio: TwilioSettings | None = None
    message: MessageSettings = MessageSettings()
    board: BoardSettings = BoardSettings()
    health: HealthSettings = HealthSettings()
    log: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _key_is_a_key(self) -> Settings:
        if len(self.site_key.get_secret_value()) < _KEY_BYTES:
            raise ValueError(f"site_key must have at least {_KEY_BYTES} characters (secret file or {PREFIX}SITE_KEY)")
        return self

    def key(self) -> bytes:
        """The site key as bytes."""
        return self.site_key.get_secret_value().encode()

    def gateway_settings(self) -> GatewaySettings:
        """The gateway's section completed by what it shares with others."""
        shared = {"site": self.site, "site_key": self.key(), "spool": self.spool}
        return GatewaySettings.model_validate({**dict(self.gateway), **shared})
