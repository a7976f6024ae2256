"""Sending studies by real C-STORE, as a modality does: one association a study.

Called by ``play``, the benchmarks and tests. The one place where pynetdicom's errors of the sending side are
translated.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.events import Event

from schemas.errors import PeerUnavailable
from simulator.reactor import paused_reactor
from simulator.studies.header import stamp

SUCCESS = 0x0000
NOT_NEGOTIATED = -1
"""No presentation context was accepted for the instance, so it was not sent."""
_TIMEOUT_S = 30.0
_CLASSES = (CTImageStorage, ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation)
# One context each: of the syntaxes in one context the acceptor takes a single one (PS3.8 section 7.1.1.13).
_SYNTAXES = ([ExplicitVRLittleEndian, ImplicitVRLittleEndian], [JPEG2000Lossless])


@dataclass(frozen=True, slots=True)
class Door:
    """Where to send: the gateway's address and the AE titles of both sides (PS3.8)."""

    host: str
    port: int
    calling: str = "SIM-CT"
    called: str = "CODESTROKE"


@dataclass(frozen=True, slots=True)
class SendReport:
    """How many instances were answered with which C-STORE status (PS3.4 B.2.3), or not at all (negative)."""

    statuses: dict[int, int]

    @property
    def stored(self) -> int:
        """Instances answered with success."""
        return self.statuses.get(SUCCESS, 0)

    @property
    def refused(self) -> int:
        """Instances answered with anything else."""
        return sum(self.statuses.values()) - self.stored

    def joined(self, other: SendReport) -> SendReport:
        """Both reports as one."""
        return SendReport(dict(Counter(self.statuses) + Counter(other.statuses)))


def send(instances: Iterable[Dataset | Path], door: Door, *, taken_at: datetime | None = None) -> SendReport:
    """Send the instances over one association.

    Args:
        instances: datasets, or files that are read as they are sent.
        door: where to.
        taken_at: acquisition time to write into each; as rendered where None.

    Raises:
        PeerUnavailable: the gateway did not accept the association (reason ``refused``), or it broke.
    """
    association = _associate(door)
    statuses: Counter[int] = Counter()
    try:
        with paused_reactor(association):
            for instance in instances:
                dataset = pydicom.dcmread(instance) if isinstance(instance, Path) else instance
                if taken_at is not None:
                    stamp(dataset, taken_at)
                statuses[_store(association, dataset, door)] += 1
    finally:
        association.release()
    return SendReport(dict(statuses))


def files_of(folder: Path) -> Sequence[Path]:
    """The instances of a study that was written below ``folder``, in the order of sending."""
    return sorted(folder.glob("*.dcm"))


def interleaved(*studies: Iterable[Dataset | Path]) -> Iterator[Dataset | Path]:
    """Mix studies instance by instance, as a busy archive forwards them over one association."""
    waiting = [iter(study) for study in studies]
    while waiting:
        for study in tuple(waiting):
            instance = next(study, None)
            if instance is None:
                waiting.remove(study)
            else:
                yield instance


def _associate(door: Door) -> Association:
    entity = AE(ae_title=door.calling)
    for sop_class in _CLASSES:
        for syntaxes in _SYNTAXES:
            entity.add_requested_context(sop_class, syntaxes)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = _TIMEOUT_S
    association = entity.associate(
        door.host, door.port, ae_title=door.called, evt_handlers=[(evt.EVT_CONN_OPEN, _send_at_once)]
    )
    if association.is_rejected:
        raise PeerUnavailable(
            f"gateway {door.called} at {door.host}:{door.port} refused {door.calling}", reason="refused"
        )
    if not association.is_established:
        raise PeerUnavailable(f"gateway {door.called} at {door.host}:{door.port} does not answer")
    return association


def _send_at_once(event: Event) -> None:
    """Switch Nagle's algorithm off: command and dataset are written apart, and each small instance would wait 40 ms."""
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _store(association: Association, dataset: Dataset, door: Door) -> int:
    """Send one instance and return its status."""
    if not _is_negotiated(association, dataset):
        return NOT_NEGOTIATED
    try:
        answer = association.send_c_store(dataset)
    except RuntimeError as error:
        raise _broken(door) from error
    # Without a status the association is over: aborted by the peer, cut, or given up after the DIMSE time-out.
    if "Status" not in answer:
        raise _broken(door)
    return int(answer.Status)


def _broken(door: Door) -> PeerUnavailable:
    return PeerUnavailable(f"gateway {door.called} at {door.host}:{door.port} broke the association")


def _is_negotiated(association: Association, dataset: Dataset) -> bool:
    """Whether a context was accepted for the instance; uncompressed encodings are converted into each other."""
    syntax, wanted = dataset.file_meta.TransferSyntaxUID, dataset.SOPClassUID
    accepted = [one.transfer_syntax[0] for one in association.accepted_contexts if one.abstract_syntax == wanted]
    if syntax.is_encapsulated:
        return syntax in accepted
    return any(not one.is_encapsulated for one in accepted)
