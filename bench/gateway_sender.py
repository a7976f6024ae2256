"""The sending half of ``bench.gateway``: one association, one CT series, in a process of its own."""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE


def main() -> None:
    """Send the slices; print when it began and ended and how long each took, in seconds."""
    port, slices, ae_title = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    study, pixels = (
        generate_uid()[:50].rstrip("."),
        np.random.default_rng(7).integers(-1000, 2000, (512, 512), dtype="<i2").tobytes(),
    )
    datasets = [_slice(study, number, pixels) for number in range(slices)]
    entity = AE(ae_title=ae_title)
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", port)
    if not association.is_established:
        sys.exit("the gateway refused the association")
    seconds, began = [], time.time()
    for dataset in datasets:
        at = time.perf_counter()
        status = association.send_c_store(dataset)
        if status.get("Status") != 0:
            sys.exit("the gateway refused an instance")
        seconds.append(time.perf_counter() - at)
    ended = time.time()
    association.release()
    print(json.dumps({"began": began, "ended": ended, "seconds": seconds}))


def _slice(study: str, number: int, pixels: bytes) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, f"{study}.{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study, f"{study}.0"
    ds.Modality, ds.PatientID, ds.PatientName = "CT", "BENCH", "Bench"
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, number * 0.625], [1, 0, 0, 0, 1, 0]
    ds.Rows = ds.Columns = 512
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.add_new(0x7FE00010, "OW", pixels)
    return ds


if __name__ == "__main__":
    main()
