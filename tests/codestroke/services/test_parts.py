"""Ports, addresses and homes."""

from pathlib import Path

from codestroke.services.parts import Endpoints, Layout, Part, Ports


def test_every_port_belongs_to_exactly_one_part() -> None:
    ports = Ports(1, 2, 3, 4, 5, 6)
    owned = {part: set(ports.of(part).values()) for part in Part}
    assert owned == {Part.KAFKA: {1, 2}, Part.POSTGRES: {3}, Part.TRITON: {4, 5, 6}}


def test_endpoints_are_on_the_loopback_interface() -> None:
    told = Endpoints.at(Ports(kafka=1, postgres=3, triton_grpc=4, triton_http=5, triton_metrics=6))
    assert told.kafka_bootstrap == "127.0.0.1:1"
    assert told.postgres_url == "postgresql+psycopg://codestroke@127.0.0.1:3/codestroke"
    assert (told.triton_grpc, told.triton_http) == ("127.0.0.1:4", "127.0.0.1:5")


def test_two_homes_have_different_keys() -> None:
    assert Layout(Path("/a")).key != Layout(Path("/b")).key
