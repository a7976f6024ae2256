"""Sending studies by real C-STORE, as a modality does: one association a study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pynetdicom import AE

from schemas.errors import PeerUnavailable
from simulator.studies.header import stamp

_SUCCESS = 0x0000
_NO_ANSWER = -1
_TIMEOUT_S = 30.0
_SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]


@dataclass(frozen=True, slots=True)
class Door:
    """Where to send: the gateway's address and the AE titles of both sides (PS3.8)."""

    host: str
    port: int
    calling: str = "SIM-CT"
    called: str = "CODESTROKE"


@dataclass(frozen=True, slots=True)
class SendReport:
    """How many instances were answered with which C-STORE status (PS3.4 B.2.3)."""

    statuses: dict[int, int]

    @property
    def stored(self) -> int:
        """Instances answered with success."""
        return self.statuses.get(_SUCCESS, 0)

    @property
    def refused(self) -> int:
        """Instances answered with anything else."""
        return sum(self.statuses.values()) - self.stored


def send(instances: Iterable[Dataset | Path], door: Door, *, taken_at: datetime | None = None) -> SendReport:
    """Send the instances over one association.

    Args:
        instances: datasets, or files that are read as they are sent.
        door: where to.
        taken_at: acquisition time to write into each; as rendered where None.

    Raises:
        PeerUnavailable: the gateway did not accept the association, or it broke.
    """
    entity = AE(ae_title=door.calling)
    for sop_class in (CTImageStorage, DigitalXRayImageStorageForPresentation):
        entity.add_requested_context(sop_class, _SYNTAXES)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = _TIMEOUT_S
    association = entity.associate(door.host, door.port, ae_title=door.called)
    if not association.is_established:
        raise PeerUnavailable(
            f"gateway {door.called} at {door.host}:{door.port} refused {door.calling}", reason="refused"
        )
    statuses: Counter[int] = Counter()
    try:
        for instance in instances:
            dataset = pydicom.dcmread(instance) if isinstance(instance, Path) else instance
            if taken_at is not None:
                stamp(dataset, taken_at)
            answer = association.send_c_store(dataset)
            statuses[int(answer.Status) if "Status" in answer else _NO_ANSWER] += 1
    finally:
        association.release()
    return SendReport(dict(statuses))


def files_of(folder: Path) -> Sequence[Path]:
    """The instances of a study that was written below ``folder``, in the order of sending."""
    return sorted(folder.glob("*.dcm"))
