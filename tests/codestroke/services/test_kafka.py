"""The settings of the one-node broker."""

from pathlib import Path

from codestroke.services.kafka import new_cluster_id, properties
from codestroke.services.parts import Ports


def _parsed(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def test_one_node_settings() -> None:
    settings = _parsed(properties(Ports(kafka=9092, kafka_controller=9093), Path("/data/log")))
    assert settings["listeners"] == "BROKER://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093"
    assert settings["controller.quorum.voters"] == "1@127.0.0.1:9093"
    assert settings["log.dirs"] == "/data/log"
    factors = {key: value for key, value in settings.items() if key.endswith(("replication.factor", "min.isr"))}
    assert set(factors.values()) == {"1"}
    assert len(factors) == 6


def test_a_crash_is_short_and_topics_are_never_made_by_accident() -> None:
    settings = _parsed(properties(Ports(), Path("/x")))
    assert settings["auto.create.topics.enable"] == "false"
    assert settings["group.min.session.timeout.ms"] == settings["broker.session.timeout.ms"] == "2000"
    assert settings["broker.heartbeat.interval.ms"] == "500"
    assert settings["group.initial.rebalance.delay.ms"] == "0"


def test_a_cluster_id_is_22_characters_and_never_an_option() -> None:
    made = {new_cluster_id() for _ in range(200)}
    assert len(made) == 200
    assert all(len(one) == 22 and one[0] != "-" for one in made)
