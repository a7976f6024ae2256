"""One tree of errors in two families, as it is drawn at the head of its module."""

from __future__ import annotations

import re

import pytest

from schemas import errors
from schemas.errors import CodestrokeError, PermanentError, TransientError

FAMILIES = (CodestrokeError, TransientError, PermanentError)
DRAWN = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, CodestrokeError) and kind not in FAMILIES
]


def test_the_drawn_tree_names_every_error() -> None:
    assert sorted([*DRAWN, "CodestrokeError"]) == sorted(kind.__name__ for kind in (*KINDS, *FAMILIES))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_is_either_transient_or_permanent(kind: type[CodestrokeError]) -> None:
    assert issubclass(kind, TransientError) != issubclass(kind, PermanentError)


def test_every_reason_is_a_code_of_its_own() -> None:
    reasons = [kind.reason for kind in KINDS]
    assert len(set(reasons)) == len(reasons)
    assert all(re.fullmatch(r"[a-z_]+", reason) for reason in reasons)


def test_a_reason_given_at_the_raise_belongs_to_that_error_alone() -> None:
    assert errors.MalformedEvent("x", reason="bad_uid").reason == "bad_uid"
    assert errors.MalformedEvent("x").reason == "malformed_event"
