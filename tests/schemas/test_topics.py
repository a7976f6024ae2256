"""The table of topics: names, keys and bodies that everything else is made from."""

from __future__ import annotations

import re

import pytest

from schemas.priorities import Lane
from schemas.topics import Topic, all_topics, case_requested
from streams.pathways import all_pathways

PATHWAYS = [pathway.name for pathway in all_pathways()]
TOPICS = all_topics(PATHWAYS)
NAME = re.compile(r"codestroke(\.[a-z]+){2,4}\.v(?P<major>[0-9]+)")
# What names a person, or a study without the site key, must not be a field behind `study.arrived`.
IDENTIFYING = re.compile(r"name|birth|accession|address|phone|number|(study|series|sop|instance)_uid|patient_key")


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_is_named_by_the_rule_and_carries_its_major_version(topic: Topic) -> None:
    named = NAME.fullmatch(topic.name)
    assert named is not None
    assert int(named["major"]) == topic.major
    assert topic.producers
    assert topic.consumers


def test_no_two_topics_have_one_name_not_even_as_dead_letters() -> None:
    names = [name for topic in TOPICS for name in (topic.name, topic.dlq)]
    assert len(names) == len(set(names))


def test_every_pathway_has_a_topic_for_each_lane() -> None:
    lanes = {case_requested(pathway, lane).name for pathway in PATHWAYS for lane in Lane}
    assert lanes <= {topic.name for topic in TOPICS}
    assert len(lanes) == len(PATHWAYS) * len(Lane)


@pytest.mark.parametrize("lane", Lane)
def test_only_urgent_topics_are_urgent(lane: Lane) -> None:
    assert case_requested("stroke", lane).is_urgent is (lane is Lane.URGENT)


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic.key != "StudyInstanceUID"], ids=lambda t: t.name)
def test_behind_the_router_no_field_identifies_a_patient_or_a_study(topic: Topic) -> None:
    assert [field for field in topic.body.__struct_fields__ if IDENTIFYING.search(field)] == []
