"""Builders of small studies, of a gateway on loopback and of a sink that remembers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from pydantic import SecretBytes
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE

from schemas.codec import Record, decode
from schemas.errors import PeerUnavailable
from schemas.events import StudyArrived
from schemas.topics import STUDY_ARRIVED
from simulator.reactor import paused_reactor
from streams.gateway.service import Gateway
from streams.gateway.settings import GatewaySettings, QuietSettings

STUDY = "1.2.826.0.1.3680043.10.1"
KEY = b"a key for tests only, 32 bytes.."
FAST = QuietSettings(geometry_wait_s=0.1, quiet_min_s=0.3, quiet_max_s=0.6, amend_quiet_s=0.3)


def ct_slice(number: int, *, study: str = STUDY, series: str = "1", size: int = 16, **changes: Any) -> Dataset:
    """One axial slice, 1 mm from the next; ``changes`` overwrite elements, None deletes one."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, f"{study}.{series}.{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study, f"{study}.{series}"
    ds.Modality, ds.BodyPartExamined, ds.ImageType = "CT", "HEAD", ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.PatientName, ds.PatientID, ds.PatientSex, ds.PatientAge = "Doe^Jane", "MRN-4711", "F", "071Y"
    ds.StudyDate, ds.AcquisitionDate, ds.AcquisitionTime = "20240301", "20240301", f"1015{number % 60:02d}"
    ds.AccessionNumber, ds.StudyDescription, ds.SeriesDescription = "ACC-0815", "CTA HEAD", "CTA 1.0"
    ds.ContrastBolusAgent, ds.SliceThickness, ds.InstanceNumber = "IOHEXOL", "1.0", number
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, float(number)], [1, 0, 0, 0, 1, 0]
    ds.Rows = ds.Columns = size
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.PixelData = np.full((size, size), number, dtype="<i2").tobytes()
    for word, value in changes.items():
        if value is None:
            delattr(ds, word)
        else:
            setattr(ds, word, value)
    return ds


class RememberingSink:
    """A real sink that keeps records; ``is_down`` makes it fail as a broker would."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.is_down = False
        self._arrived = threading.Condition()

    def send(self, record: Record) -> None:
        """Keep the record, or fail as a peer that is down."""
        if self.is_down:
            raise PeerUnavailable("kafka.bootstrap does not answer")
        with self._arrived:
            self.records.append(record)
            self._arrived.notify_all()

    @property
    def events(self) -> list[StudyArrived]:
        """The bodies that were sent."""
        return [msgspec.convert(decode(STUDY_ARRIVED, one.value, one.headers), StudyArrived) for one in self.records]

    async def wait_for(self, count: int, timeout_s: float = 5.0) -> list[StudyArrived]:
        """Wait until ``count`` events were sent."""

        def wait() -> bool:
            with self._arrived:
                return self._arrived.wait_for(lambda: len(self.records) >= count, timeout_s)

        if not await asyncio.to_thread(wait):
            raise TimeoutError(f"{len(self.records)} of {count} events after {timeout_s} s")
        return self.events


def settings_of(spool: Path, **changes: Any) -> GatewaySettings:
    """Settings for loopback, with short waits and one allowed sender."""
    plain: dict[str, Any] = {
        "spool": spool,
        "site": "test",
        "site_key": SecretBytes(KEY),
        "port": 0,
        "allowed_ae_titles": ("SCANNER",),
        "quiet": FAST,
    }
    return GatewaySettings(**(plain | changes))


@asynccontextmanager
async def running(settings: GatewaySettings, sink: RememberingSink) -> AsyncIterator[Gateway]:
    """A gateway that listens; stopped at the end."""
    gateway, stop = Gateway(settings, sink), asyncio.Event()
    task = asyncio.create_task(gateway.run(stop))
    await gateway.wait_until_ready()
    try:
        yield gateway
    finally:
        stop.set()
        await task


def store(port: int, datasets: Iterable[Dataset], *, ae_title: str = "SCANNER") -> list[int]:
    """Send datasets over one association and release it; returns the statuses (-1: no answer)."""
    entity = AE(ae_title=ae_title)
    many = list(datasets)
    for pair in {(ds.SOPClassUID, ds.file_meta.TransferSyntaxUID) for ds in many}:
        entity.add_requested_context(*pair)
    association = entity.associate("127.0.0.1", port, ae_title="CODESTROKE")
    if not association.is_established:
        raise ConnectionRefusedError(f"association rejected: {association.is_rejected}")
    try:
        with paused_reactor(association):
            return [association.send_c_store(ds).get("Status", -1) for ds in many]
    finally:
        association.release()


def stored_files(spool: Path) -> int:
    """Number of instance files in the spool."""
    return len(list(spool.glob("*/*/*.dcm")))
