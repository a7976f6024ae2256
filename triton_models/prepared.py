"""What preprocessing hands on: the model's inputs, or the reason why the model must not be asked.

Built by ``preprocessing``, carried by the analyser to the server, read again by ``postprocessing``.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Tensor = NDArray[np.generic]


class RefusalState(enum.StrEnum):
    """What an unasked model means for the case."""

    INDETERMINATE = "indeterminate"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the model must not be asked; ``reason`` is a fragment fit for the board, without patient data."""

    state: RefusalState
    reason: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """Inputs by name, or a refusal (then ``inputs`` is empty), and what was seen on the way.

    Attributes:
        inputs: arrays as the contract names them.
        refusal: set when the image cannot answer the question.
        facts: numbers with their unit in the name: ``origin_x_mm`` …, ``arterial_ml``, ``covered_mm``.
    """

    inputs: Mapping[str, Tensor]
    refusal: Refusal | None = None
    facts: Mapping[str, float] = field(default_factory=dict)


def indeterminate(reason: str, facts: Mapping[str, float]) -> Prepared:
    """Refuse an image of the right kind that cannot answer the question."""
    return Prepared({}, Refusal(RefusalState.INDETERMINATE, reason), facts)


def not_applicable(reason: str, facts: Mapping[str, float]) -> Prepared:
    """Refuse an image that the pathway has nothing to say about."""
    return Prepared({}, Refusal(RefusalState.NOT_APPLICABLE, reason), facts)
