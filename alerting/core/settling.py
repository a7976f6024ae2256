"""How long to wait before a page in doubt is looked for: learnt from how long the provider's list hid others.

Who calls it: ``alerting.pager.settling``. Pure. A look-up is safe only if the wait exceeds the list's lag: one that
comes too early finds nothing and the page is sent again. Waiting too long delays one page in doubt; so every doubt
here goes towards longer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

ENOUGH = 20
"""Fewer observations than this may lengthen the wait, never shorten it."""
LONGEST_S = 60.0
_QUANTILE = 0.999
_MARGIN = 3.0


@dataclass(frozen=True, slots=True)
class Observation:
    """The list showed a message after ``lag_s``; where it is not ``seen``, it had not shown it by then."""

    lag_s: float
    seen: bool = True


def settle_s(observations: Sequence[Observation], *, start_s: float, least_s: float) -> float:
    """Seconds to wait: three times the lag that one in a thousand messages exceeds, of few the longest.

    A message that was not seen counts with the time it was looked for: its lag is that at least. The margin of three
    stands for what so few observations cannot show, and for a lag that is growing.

    Args:
        observations: of one channel, the recent ones.
        start_s: the wait as long as nothing is learnt; with fewer than ``ENOUGH`` observations never less.
        least_s: what is learnt is never less.

    Returns:
        At most ``LONGEST_S``, unless a lower bound that was set says more.
    """
    if not observations:
        return start_s
    least = least_s if len(observations) >= ENOUGH else max(start_s, least_s)
    lags = sorted(observation.lag_s for observation in observations)
    high = lags[math.ceil(_QUANTILE * len(lags)) - 1]
    return max(least, min(LONGEST_S, _MARGIN * high))
