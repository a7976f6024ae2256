"""Making a Faust app that cannot lose a record by misuse.

The four rules (each lost a record in an experiment when broken): concurrency 1, raw bytes, an agent body never
raises, ``stream_wait_empty`` stays on. One app a role: its id is the consumer group, so hosting several roles in
one process changes no offsets. Faust's own web server stays off; ours serves health and metrics.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faust
from faust.types.auth import CredentialsT

from schemas.errors import BadSettings
from schemas.topics import Topic
from streams.kafka import unreadable
from streams.kafka.settings import KafkaSettings

_BUFFER = 16  # records prefetched by a stream: one may mean minutes of work, so that little is stranded by a rebalance


def make_app(role: str, settings: KafkaSettings, *, folder: Path, group_prefix: str = "codestroke") -> faust.App:
    """Make the app of a role; Faust keeps its (empty) data directory in ``folder``.

    Raises:
        BadSettings: TLS was asked for but would not be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unreadable.install()
    return faust.App(
        f"{group_prefix}-{role}",
        broker=[f"kafka://{address.strip()}" for address in settings.bootstrap.split(",")],
        broker_credentials=_credentials(settings),
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.heartbeat_interval_s,
        broker_rebalance_timeout=10.0,
        broker_max_poll_interval=60.0,
        broker_max_poll_records=32,
        broker_commit_every=1,
        broker_commit_interval=0.2,
        processing_guarantee="at_least_once",
        producer_acks=-1,
        producer_linger=0,
        producer_request_timeout=settings.request_timeout_s,
        stream_buffer_maxsize=_BUFFER,
        stream_wait_empty=True,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=settings.partitions,
        value_serializer="raw",
        key_serializer="raw",
        store="memory://",
        datadir=folder / f"faust-{role}",
        web_enabled=False,
        autodiscover=False,
    )


def raw_topic(app: faust.App, topic: Topic) -> Any:
    """A Faust topic of raw bytes: our codec decodes inside the agent, where a bad record can become a dead letter."""
    return app.topic(topic.name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")


def _credentials(settings: KafkaSettings) -> CredentialsT | None:
    if not settings.tls:
        return None
    context = settings.ssl_context()
    if context is None:
        raise BadSettings("kafka.tls is on but no TLS context could be made")
    if settings.sasl_username:
        return faust.SASLCredentials(
            username=settings.sasl_username,
            password=settings.sasl_password.get_secret_value(),
            mechanism=settings.sasl_mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context=context)
