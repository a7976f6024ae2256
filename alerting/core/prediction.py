"""Will a case probably miss its deadline? Asked while there is still time to look at it by eye.

Who calls it: ``alerting.pager.prediction``. Pure: durations and ages in, a verdict with its reason out.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

ENOUGH = 10
"""Fewer comparable cases than this say nothing."""
PROBABLY = 0.5


class Outlook(enum.StrEnum):
    """What is to be expected of a case, and why."""

    IN_TIME = "in_time"
    """Most cases that had taken this long were decided within such a budget; or there is time enough left."""
    SLOW = "slow"
    """Most cases that had taken this long were not decided within such a budget."""
    LITTLE_LEFT = "little_left"
    """Nothing comparable is known, and little of the budget is left."""

    @property
    def is_late(self) -> bool:
        """Whether the deadline will probably be missed."""
        return self is not Outlook.IN_TIME


def outlook(durations_s: Sequence[float], *, age_s: float, budget_s: float, least_share: float) -> Outlook:
    """Say whether a case that still runs will probably miss its deadline.

    Of the cases that had also run for at least ``age_s``, the share that took longer than ``budget_s`` estimates the
    chance that this one will (an empirical conditional survival function: no shape of the distribution is assumed,
    which matters because a stuck part makes it two-humped). "Probably" is more than half. A mean or a quantile of all
    durations would not do: a case that has waited for long is no ordinary case any more. Where fewer than ``ENOUGH``
    cases ever ran that long, history is silent, and the case is late once less than ``least_share`` is left.

    Args:
        durations_s: seconds from request to decision of recent cases of the pathway; a case that failed at its
            deadline counts with the time until then.
        age_s: seconds since this case was requested.
        budget_s: seconds from its request to its deadline.
        least_share: share of the budget, 0 to 1.
    """
    comparable = [taken for taken in durations_s if taken >= age_s]
    if len(comparable) >= ENOUGH:
        missed = sum(taken >= budget_s for taken in comparable)
        return Outlook.SLOW if missed > PROBABLY * len(comparable) else Outlook.IN_TIME
    return Outlook.LITTLE_LEFT if budget_s - age_s < least_share * budget_s else Outlook.IN_TIME
