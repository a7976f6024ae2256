"""A human's priority is read from the words that orders use, and never guessed upwards or lost."""

from __future__ import annotations

import pytest

from schemas.priorities import Priority, parse_priority


@pytest.mark.parametrize(
    ("word", "priority"),
    [
        ("STAT", Priority.STAT),
        (" stat ", Priority.STAT),
        ("S", Priority.STAT),
        ("HIGH", Priority.HIGH),
        ("A", Priority.HIGH),
        ("urgent", Priority.HIGH),
        ("ROUTINE", Priority.ROUTINE),
        ("MEDIUM", Priority.ROUTINE),
        ("LOW", Priority.ROUTINE),
        ("", Priority.ROUTINE),
        (None, Priority.ROUTINE),
        ("soonish", Priority.ROUTINE),
    ],
)
def test_an_order_says_how_soon(word: str | None, priority: Priority) -> None:
    assert parse_priority(word) is priority


def test_ranks_follow_urgency_and_an_unknown_word_is_no_more_than_routine() -> None:
    ranks = [priority.rank for priority in (Priority.STAT, Priority.HIGH, Priority.ROUTINE)]
    assert ranks == sorted(set(ranks))
    assert Priority("super-stat").rank == Priority.ROUTINE.rank
