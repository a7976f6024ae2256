"""The three parts of every data set. What is in one is never in another: no tree, no seed, no person."""

from __future__ import annotations

import enum


class Part(enum.StrEnum):
    """What cases are for: fitting, choosing thresholds, judging."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
