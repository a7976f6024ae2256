"""Asks a part whether it is ready to serve, by the question that its clients will ask.

Called by the stack. A probe answers the server's version, or None while it is not ready; it never raises for a
server that is merely down.
"""

from __future__ import annotations

import json
import socket
import struct
import urllib.error
import urllib.request
from collections.abc import Callable

import psycopg

from codestroke.services.jars import LOCK_FILE, read_lock
from codestroke.services.parts import Part, Ports

_TIMEOUT_S = 2.0


def probe(part: Part, ports: Ports) -> str | None:
    """The version of ``part`` if it serves on ``ports``, else None."""
    return _PROBES[part](ports)


def ensure_database(port: int) -> None:
    """Make the database ``codestroke`` unless it is there."""
    with _postgres(port) as connection:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'codestroke'").fetchone()
        if there is None:
            connection.execute("CREATE DATABASE codestroke")


def _kafka(ports: Ports) -> str | None:
    try:
        brokers = count_brokers(ports.kafka)
    except (OSError, struct.error):
        return None
    kafka = next(jar for jar in read_lock(LOCK_FILE.read_text()) if jar.name.startswith("kafka_"))
    return kafka.version if brokers else None


def count_brokers(port: int) -> int:
    """How many live brokers the one on ``port`` names: none until the controller has let it in.

    One bare Metadata request (Kafka protocol, key 3, version 7, of no topic): a client library would wait and
    retry, log and keep sockets, where a probe wants one answer at once. Raises OSError or struct.error if there
    is none.
    """
    client = b"codestroke"
    header = struct.pack(">hhih", 3, 7, 1, len(client)) + client
    body = struct.pack(">i?", 0, False)  # no topics, none to be made
    with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S) as connection:
        connection.sendall(struct.pack(">i", len(header + body)) + header + body)
        answer = connection.recv(16, socket.MSG_WAITALL)
    _size, _correlation, _throttle_ms, brokers = struct.unpack(">iiii", answer)
    return int(brokers)


def _postgres_version(ports: Ports) -> str | None:
    try:
        with _postgres(ports.postgres) as connection:
            return connection.info.parameter_status("server_version")
    except psycopg.OperationalError:
        return None


def _postgres(port: int) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host="127.0.0.1", port=port, user="codestroke", dbname="postgres", connect_timeout=2, autocommit=True
    )


def _triton(ports: Ports) -> str | None:
    base = f"http://127.0.0.1:{ports.triton_http}/v2"
    try:
        with urllib.request.urlopen(f"{base}/health/ready", timeout=_TIMEOUT_S):  # noqa: S310
            pass
        with urllib.request.urlopen(base, timeout=_TIMEOUT_S) as answer:
            return str(json.load(answer)["version"])
    except (urllib.error.URLError, OSError, ValueError):
        return None


_PROBES: dict[Part, Callable[[Ports], str | None]] = {
    Part.KAFKA: _kafka,
    Part.POSTGRES: _postgres_version,
    Part.TRITON: _triton,
}
