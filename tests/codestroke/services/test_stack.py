"""The real parts: up, killed, recovered, restarted, down."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import psycopg
import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from codestroke.services.parts import Layout
from codestroke.services.stack import Part, PartState, Stack, StackConfig
from codestroke.services.triton import shm_prefix
from schemas.errors import PeerUnavailable
from tests.codestroke.services.onnx_models import add_affine

pytestmark = pytest.mark.integration
_SHM = Path("/dev/shm")  # noqa: S108 - the kernel's own folder
_RECOVERY_S = {Part.KAFKA: 15.0, Part.POSTGRES: 5.0, Part.TRITON: 10.0}


def _psycopg_url(url: str) -> str:
    return url.replace("postgresql+psycopg", "postgresql")


def _recover(stack: Stack, part: Part) -> float:
    old = stack.pid(part)
    stack.kill(part)
    started = time.monotonic()
    stack.wait_ready(part)
    assert stack.pid(part) != old
    return time.monotonic() - started


def test_all_parts_are_ready_and_tell_their_versions(own_stack: Stack) -> None:
    own_stack.up()
    told = {one.part: one for one in own_stack.status()}
    assert {part: one.version for part, one in told.items()} == {
        Part.KAFKA: "4.4.0",
        Part.POSTGRES: "18.4",
        Part.TRITON: "2.51.0",
    }
    assert all(one.ready and one.rss_mb and one.log.exists() for one in told.values())


def test_up_again_changes_nothing(own_stack: Stack) -> None:
    first = own_stack.up()
    pids = [own_stack.pid(part) for part in Part]
    assert own_stack.up() == first
    assert [own_stack.pid(part) for part in Part] == pids


@pytest.mark.parametrize("part", list(Part))
def test_a_killed_part_comes_back_by_itself(own_stack: Stack, part: Part) -> None:
    own_stack.up()
    assert _recover(own_stack, part) < _RECOVERY_S[part]


def test_kafka_keeps_its_records_over_a_kill(own_stack: Stack) -> None:
    bootstrap = own_stack.up([Part.KAFKA]).kafka_bootstrap
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic("kept", 1, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    producer.send("kept", b"record").get(10)
    producer.close()
    _recover(own_stack, Part.KAFKA)
    consumer = KafkaConsumer(
        "kept", bootstrap_servers=bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=8000
    )
    assert next(iter(consumer)).value == b"record"
    consumer.close()


def test_postgres_keeps_what_was_committed_over_a_kill(own_stack: Stack) -> None:
    url = _psycopg_url(own_stack.up([Part.POSTGRES]).postgres_url)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    _recover(own_stack, Part.POSTGRES)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_restarted_part_has_the_same_address(own_stack: Stack) -> None:
    before = own_stack.up()
    old = own_stack.pid(Part.POSTGRES)
    own_stack.restart(Part.POSTGRES)
    assert own_stack.pid(Part.POSTGRES) != old
    assert own_stack.up() == before


def test_down_leaves_no_process_and_no_shared_memory(own_stack: Stack) -> None:
    own_stack.up()
    family = [psutil.Process(own_stack.pid(part)) for part in Part]
    family += [child for one in list(family) for child in one.children(recursive=True)]
    prefix = shm_prefix(Layout(own_stack.home))
    regions = list(_SHM.glob(f"{prefix}*"))
    own_stack.down()
    assert psutil.wait_procs(family, timeout=5)[1] == []
    assert regions
    assert not [region for region in regions if region.exists()]
    assert {one.state for one in own_stack.status()} == {PartState.DOWN}
    with pytest.raises(PeerUnavailable, match="kafka is not running"):
        own_stack.pid(Part.KAFKA)


def test_a_model_that_does_not_load_is_named_and_the_other_parts_stay(tmp_path: Path, cache: Path) -> None:
    add_affine(tmp_path / "models", "wrong", "FP32", output="nonsense")
    stack = Stack(StackConfig(home=tmp_path / "home", cache=cache, model_repository=tmp_path / "models"))
    try:
        stack.up([Part.POSTGRES])
        with pytest.raises(PeerUnavailable, match=r"wrong: .*names output \['nonsense'\]"):
            stack.up([Part.POSTGRES, Part.TRITON])
        told = {one.part: one.state for one in stack.status()}
        assert told == {Part.KAFKA: PartState.DOWN, Part.POSTGRES: PartState.RUNNING, Part.TRITON: PartState.DOWN}
    finally:
        stack.purge()


def test_an_empty_repository_is_served(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "models").mkdir()
    stack = Stack(StackConfig(home=tmp_path / "home", cache=cache, model_repository=tmp_path / "models"))
    try:
        stack.up([Part.TRITON])
        assert [one.ready for one in stack.status()] == [False, False, True]
    finally:
        stack.purge()
