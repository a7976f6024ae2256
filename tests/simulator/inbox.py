"""A small DICOM receiver on loopback that keeps what it is sent, and can refuse, as a gateway would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)
from pynetdicom import AE, evt

from simulator.sender import Door

# The acceptor takes the first of its own that it is offered.
_SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless]
SUCCESS, CANNOT_UNDERSTAND = 0x0000, 0xC000
CALLING = "SIM-CT"


@dataclass
class Inbox:
    """What arrived, in order.

    An instance whose number is in ``refuses`` is answered "cannot understand"; the instance that would be number
    ``aborts_at`` to arrive is answered with an abort.
    """

    door: Door
    refuses: frozenset[int] = frozenset()
    aborts_at: int | None = None
    datasets: list[Dataset] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    syntaxes: list[UID] = field(default_factory=list)

    @property
    def uids(self) -> list[UID]:
        """SOPInstanceUIDs in the order of arrival."""
        return [dataset.SOPInstanceUID for dataset in self.datasets]

    def take(self, event: Any) -> int:
        """Answer one C-STORE."""
        dataset = event.dataset
        if len(self.datasets) + 1 == self.aborts_at:
            event.assoc.abort()
            return CANNOT_UNDERSTAND
        if int(dataset.InstanceNumber) in self.refuses:
            return CANNOT_UNDERSTAND
        self.datasets.append(dataset)
        self.syntaxes.append(event.context.transfer_syntax)
        self.callers.append(str(event.assoc.requestor.ae_title).strip())
        return SUCCESS


@contextmanager
def listening(
    *, refuses: frozenset[int] = frozenset(), knows_callers: tuple[str, ...] = (), aborts_at: int | None = None
) -> Iterator[Inbox]:
    """An inbox for CT and DX that listens; ``knows_callers`` empty accepts everybody."""
    entity = AE(ae_title="CODESTROKE")
    entity.require_calling_aet = list(knows_callers)
    for sop_class in (CTImageStorage, DigitalXRayImageStorageForPresentation):
        entity.add_supported_context(sop_class, _SYNTAXES)
    inbox = Inbox(Door("127.0.0.1", 0, calling=CALLING), refuses, aborts_at)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, inbox.take)])
    inbox.door = replace(inbox.door, port=server.server_address[1])
    try:
        yield inbox
    finally:
        server.shutdown()
