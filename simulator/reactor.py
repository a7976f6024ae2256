"""Keeps pynetdicom's reactor thread from taking answers that belong to the sender (pynetdicom 3.0.4).

Called by ``sender`` around a whole association. ``send_c_store`` pauses the reactor by an event and a flag, but after
one send the flag still says "paused" until the reactor has woken up. A second send in that moment goes on, the reactor
takes its answer ("Received unexpected C-STORE service message"), and the sender waits for the whole DIMSE time-out.
Seen in 2 of about 50 associations of small slices on two busy cores. Here the reactor stays paused from the first
instance to the last. While it is, an abort by the peer reaches the sender as a missing answer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pynetdicom.association import Association

_STEP_S = 0.0005
# Far longer than one step of the reactor takes; it may have passed its pause just before it was asked to pause.
_SETTLE_S = 0.005


@contextmanager
def paused_reactor(association: Association) -> Iterator[None]:
    """Hold the reactor of an established association for as long as the block lasts."""
    pause = association._reactor_checkpoint  # noqa: SLF001 - no public way; see the head of this module
    pause.clear()
    time.sleep(_SETTLE_S)
    while association.is_established and not association._is_paused:  # noqa: SLF001 - as above
        time.sleep(_STEP_S)
    pause.set = _stays_paused
    try:
        yield
    finally:
        del pause.set
        pause.set()


def _stays_paused() -> None:
    """What ``send_c_store`` calls to let the reactor go on."""
