"""How to reach Kafka; one object for the Faust workers, the gateway's producer and the administration commands."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class KafkaSettings(BaseModel):
    """Addresses, security and partitioning.

    ``tls`` is the operator's demand: where it is set, a client that would fall back to plaintext refuses to start.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap: str = "127.0.0.1:9092"
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    sasl_username: str = ""
    sasl_password: SecretStr = SecretStr("")
    sasl_mechanism: str = "SCRAM-SHA-512"
    partitions: int = Field(default=4, ge=1, le=1000)
    replication_factor: int = Field(default=1, ge=1, le=10)
    session_timeout_s: float = Field(default=6.0, ge=2.0, le=60.0)
    heartbeat_interval_s: float = Field(default=1.0, gt=0.0, le=20.0)
    request_timeout_s: float = Field(default=10.0, gt=0.0, le=120.0)

    @model_validator(mode="after")
    def _sasl_needs_tls(self) -> Self:
        if self.sasl_username and not self.tls:
            raise ValueError("kafka.sasl_username is set but kafka.tls is not: the password would travel in clear")
        return self

    def ssl_context(self) -> ssl.SSLContext | None:
        """TLS context, or None where TLS is not asked for; a missing file raises when the process starts."""
        if not self.tls:
            return None
        context = ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
        if self.cert_file:
            context.load_cert_chain(str(self.cert_file), str(self.key_file) if self.key_file else None)
        return context
