"""A producer that returns only after the broker's acknowledgement, on kafka-python.

Who calls it: processes without a Faust app, which are the gateway and the pager. Idempotent, ``acks=all``, every
wait bounded. kafka-python's errors are translated here and nowhere else. It never falls back to plaintext.
"""

from __future__ import annotations

import threading
from typing import Any

import structlog
from kafka import KafkaProducer
from kafka.errors import InvalidRecordError, KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from schemas.codec import Record
from schemas.errors import MalformedEvent, PeerUnavailable
from streams.kafka.admin import client_arguments
from streams.kafka.settings import KafkaSettings

_log = structlog.get_logger(__name__)

# A producer made while the broker is down otherwise keeps its caller for 30 s, and one that loses its broker
# backs off for up to 30 s; a stroke cannot wait for either.
_BOOTSTRAP_MS = 2000
_RECONNECT_MAX_MS = 250
_CLOSE_S = 1.0
# Brokers keep the order of an idempotent producer for at most five requests in flight (KIP-98, KIP-679).
_IN_FLIGHT = 5
_NEVER_TAKEN = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidRecordError)


class AckedProducer:
    """Sends one record at a time; safe for several threads, reconnects by itself.

    After a failure the client is thrown away and made anew by the next ``send``: a repeated record then may reach
    the log twice, with the same event id, which is what consumers dedupe by.
    """

    def __init__(self, settings: KafkaSettings, *, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id
        self._lock = threading.Lock()
        self._client: KafkaProducer | None = None

    def send(self, record: Record) -> None:
        """Send one record and wait for the acknowledgement of all in-sync replicas.

        Raises:
            PeerUnavailable: no acknowledgement within ``kafka.request_timeout_s``; the message names the setting.
            MalformedEvent: the broker will never take this record (too large, invalid).
        """
        timeout_s = self._settings.request_timeout_s
        with self._lock:
            try:
                future = self._connected().send(
                    record.topic, key=record.key, value=record.value, headers=list(record.headers)
                )
                future.get(timeout=timeout_s)
            except (KafkaError, OSError) as error:
                self._drop()
                raise _translated(error, record.topic, self._settings) from error

    def close(self) -> None:
        """Close the connection; everything acknowledged is already with the broker."""
        with self._lock:
            self._drop()

    def _connected(self) -> KafkaProducer:
        if self._client is None:
            self._client = KafkaProducer(**producer_config(self._settings, self._client_id))
        return self._client

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        try:
            client.close(timeout=_CLOSE_S)
        except (KafkaError, OSError) as error:
            _log.warning("kafka_close_failed", error=type(error).__name__)


def producer_config(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """What kafka-python is told; ``security_protocol`` follows ``kafka.tls`` and is never weaker."""
    timeout_ms = int(settings.request_timeout_s * 1000)
    return {
        **client_arguments(settings),
        "client_id": client_id,
        "acks": "all",
        "enable_idempotence": True,
        "max_in_flight_requests_per_connection": _IN_FLIGHT,
        "allow_auto_create_topics": False,
        "bootstrap_timeout_ms": min(_BOOTSTRAP_MS, timeout_ms),
        "max_block_ms": timeout_ms,
        "request_timeout_ms": timeout_ms,
        "delivery_timeout_ms": timeout_ms,
        "reconnect_backoff_max_ms": _RECONNECT_MAX_MS,
    }


def _translated(error: Exception, topic: str, settings: KafkaSettings) -> PeerUnavailable | MalformedEvent:
    name = type(error).__name__
    if isinstance(error, _NEVER_TAKEN):
        return MalformedEvent(f"Kafka refuses a record of {topic}: {name}", reason="refused_by_broker")
    return PeerUnavailable(
        f"Kafka at {settings.bootstrap} (setting kafka.bootstrap) did not acknowledge a record of {topic}: {name}",
        reason="kafka_unavailable",
    )
