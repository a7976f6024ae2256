"""What a prepared study was made of has a name of its own."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from simulator.fingerprint import fingerprint
from simulator.render import Order
from simulator.specs import HeadCt, KneeCt

ORDER = Order(seed=1, number=1, spec=HeadCt())


def test_the_same_order_has_the_same_name() -> None:
    assert fingerprint(ORDER) == fingerprint(Order(seed=1, number=1, spec=HeadCt()))


@pytest.mark.parametrize(
    "change", [{"seed": 2}, {"number": 2}, {"spec": HeadCt(contrast=False)}, {"spec": KneeCt()}, {"priority": "STAT"}]
)
def test_anything_else_in_the_order_is_another_study(change: dict[str, Any]) -> None:
    assert fingerprint(dataclasses.replace(ORDER, **change)) != fingerprint(ORDER)
