"""The sending half of ``bench.gateway``: one association, one CT series, in a process of its own.

The slices are encoded and cut into PDUs before the clock starts, so that the door is measured and not the sender.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID, build_context
from pynetdicom.dsutils import encode
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE, ImplementationClassUIDNotification, MaximumLengthNotification

PDU_BYTES = 16384  # what dcmtk sends by default
P_DATA, RELEASE_RQ, ASSOCIATE_AC = 0x04, 0x05, 0x02  # PS3.8 section 9.3
SUCCESS = struct.pack("<HHIH", 0x0000, 0x0900, 2, 0x0000)


def main() -> None:
    """Send the slices; print when it began and ended and how long each took, in seconds."""
    port, slices, ae_title = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    study = generate_uid()[:50].rstrip(".")
    pixels = np.random.default_rng(7).integers(-1000, 2000, (512, 512), dtype="<i2").tobytes()
    messages = [_message(_slice(study, number, pixels), number) for number in range(slices)]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(_request(ae_title))
        if _answer(connection)[0] != ASSOCIATE_AC:
            sys.exit("the gateway refused the association")
        seconds, began = [], time.time()
        for message in messages:
            at = time.perf_counter()
            connection.sendall(message)
            if SUCCESS not in _answer(connection)[1]:
                sys.exit("the gateway refused an instance")
            seconds.append(time.perf_counter() - at)
        ended = time.time()
        connection.sendall(struct.pack(">BBII", RELEASE_RQ, 0, 4, 0))
        _answer(connection)
    print(json.dumps({"began": began, "ended": ended, "seconds": seconds}))


def _request(ae_title: str) -> bytes:
    request = A_ASSOCIATE()
    request.application_context_name = "1.2.840.10008.3.1.1.1"
    request.calling_ae_title, request.called_ae_title = ae_title, "CODESTROKE"
    context = build_context(CTImageStorage, ExplicitVRLittleEndian)
    context.context_id = 1
    request.presentation_context_definition_list = [context]
    maximum, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    maximum.maximum_length_received = PDU_BYTES
    implementation.implementation_class_uid = PYNETDICOM_IMPLEMENTATION_UID
    request.user_information = [maximum, implementation]
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(request)
    return bytes(pdu.encode())


def _message(dataset: Dataset, number: int) -> bytes:
    """A C-STORE-RQ (PS3.7 section 9.3.1) as P-DATA-TF PDUs."""
    encoded = encode(dataset, False, True)
    if encoded is None:
        sys.exit("a slice cannot be encoded")
    command = b"".join(
        (
            _element(0x0002, CTImageStorage.encode()),
            _element(0x0100, struct.pack("<H", 0x0001)),
            _element(0x0110, struct.pack("<H", number % 65535 + 1)),
            _element(0x0700, struct.pack("<H", 0)),
            _element(0x0800, struct.pack("<H", 0x0001)),
            _element(0x1000, dataset.SOPInstanceUID.encode()),
        )
    )
    step = PDU_BYTES - 6
    cuts = range(0, len(encoded), step)
    pieces = [_pdu(0x02 if cut + step >= len(encoded) else 0x00, encoded[cut : cut + step]) for cut in cuts]
    return _pdu(0x03, _element(0x0000, struct.pack("<I", len(command))) + command) + b"".join(pieces)


def _element(number: int, value: bytes) -> bytes:
    padded = value + b"\x00" * (len(value) % 2)
    return struct.pack("<HHI", 0x0000, number, len(padded)) + padded


def _pdu(control: int, piece: bytes) -> bytes:
    return struct.pack(">BBIIBB", P_DATA, 0, len(piece) + 6, len(piece) + 2, 1, control) + piece


def _answer(connection: socket.socket) -> tuple[int, bytes]:
    kind, _, length = struct.unpack(">BBI", _exactly(connection, 6))
    return kind, _exactly(connection, length)


def _exactly(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        piece = connection.recv(count - len(received))
        if not piece:
            sys.exit("the gateway closed the connection")
        received += piece
    return received


def _slice(study: str, number: int, pixels: bytes) -> Dataset:
    ds = Dataset()
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
