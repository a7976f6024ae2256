"""A probe answers at once and never raises for a server that is merely down or is something else."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from codestroke.services.health import count_brokers, probe
from codestroke.services.parts import Part, Ports
from codestroke.services.ports import choose


@contextmanager
def _server(answer: bytes) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize("part", list(Part))
def test_a_server_that_is_down_is_not_ready(part: Part) -> None:
    assert probe(part, Ports(*[choose(set())] * 6)) is None


def test_a_broker_not_yet_let_in_is_not_ready() -> None:
    with _server(struct.pack(">iiii", 20, 1, 0, 0)) as port:
        assert probe(Part.KAFKA, Ports(kafka=port)) is None
    with _server(struct.pack(">iiii", 20, 1, 0, 3)) as port:
        assert count_brokers(port) == 3


def test_something_else_on_the_port_is_not_kafka() -> None:
    with _server(b"SSH-2.0") as port:
        assert probe(Part.KAFKA, Ports(kafka=port)) is None
