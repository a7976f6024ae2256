"""Which port a part gets."""

import socket
from pathlib import Path

import pytest

from codestroke.services import ports
from codestroke.services.parts import Part, Ports
from schemas.errors import BadSettings


def test_zero_becomes_a_free_port_for_every_field() -> None:
    settled = ports.settle(Ports(), None, set(Part))
    chosen = [port for part in Part for port in settled.of(part).values()]
    assert len(set(chosen)) == 6
    assert all(ports.is_free(port) for port in chosen)


def test_a_remembered_port_is_kept_while_it_is_free() -> None:
    first = ports.settle(Ports(), None, set(Part))
    assert ports.settle(Ports(), first, set(Part)) == first


def test_a_fixed_port_in_use_is_refused_by_the_name_of_its_option() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadSettings, match=r"--ports\.triton-grpc"):
            ports.settle(Ports(triton_grpc=taken.getsockname()[1]), None, {Part.TRITON})


def test_a_remembered_port_taken_meanwhile_is_chosen_anew() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        old = Ports(postgres=taken.getsockname()[1])
        assert ports.settle(Ports(), old, {Part.POSTGRES}).postgres not in (0, old.postgres)


def test_a_part_that_is_not_starting_keeps_its_port_even_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        old = Ports(kafka=taken.getsockname()[1])
        assert ports.settle(Ports(kafka=9092), old, {Part.POSTGRES}).kafka == old.kafka


def test_saved_ports_come_back(tmp_path: Path) -> None:
    ports.save(tmp_path / "ports.json", Ports(kafka=1, triton_http=2))
    assert ports.load(tmp_path / "ports.json") == Ports(kafka=1, triton_http=2)
    assert ports.load(tmp_path / "absent.json") is None
