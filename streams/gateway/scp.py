"""The DICOM door: a Storage and Verification SCP (PS3.4 annexes A and B) in front of the reception.

Who calls it: the gateway service starts and stops it. It decides who may speak (calling AE titles), which object
classes and encodings are taken, and which status answers; it answers success only for what is durable.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from pynetdicom import AE, PYNETDICOM_IMPLEMENTATION_UID, evt

from schemas.errors import BadDicom, PeerUnavailable, TransientError
from streams.gateway import metrics
from streams.gateway.reception import NOT_AS_NAMED, Received, Reception
from streams.gateway.settings import ANY_AE_TITLE, GatewaySettings
from streams.gateway.syntaxes import STORAGE_CLASSES, TRANSFER_SYNTAXES, VERIFICATION
from streams.gateway.tracker import Tracker

if TYPE_CHECKING:
    from pynetdicom.events import Event

_log = structlog.get_logger(__name__)

# PS3.4 annex B.2.3, C-STORE statuses.
SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
NOT_MATCHING_SOP_CLASS = 0xA900
CANNOT_UNDERSTAND = 0xC000
# PS3.8 section 9.3.4: rejected permanent, by the service user, calling AE title not recognized.
_CALLING_AE_NOT_RECOGNIZED = (0x01, 0x01, 0x03)
# Larger PDUs than the default 16 KiB spare work per slice; the bound keeps one association's buffer small.
_MAX_PDU_BYTES = 256 * 1024


class StoreScp:
    """Listens for associations in threads of its own."""

    def __init__(self, settings: GatewaySettings, reception: Reception, tracker: Tracker) -> None:
        self._settings = settings
        self._reception = reception
        self._tracker = tracker
        self._allowed = frozenset(title.strip() for title in settings.allowed_ae_titles)
        self._entity = self._new_entity()
        self._server: Any = None

    @property
    def port(self) -> int:
        """The port that is listened on; 0 before the start."""
        return int(self._server.server_address[1]) if self._server is not None else 0

    def start(self) -> None:
        """Start listening.

        Raises:
            PeerUnavailable: the address cannot be bound; the message names the setting.
        """
        where = (self._settings.host, self._settings.port)
        try:
            self._server = self._entity.start_server(where, block=False, evt_handlers=self._handlers())
        except OSError as error:
            raise PeerUnavailable(
                f"cannot listen on {where[0]}:{where[1]} (settings gateway.host, gateway.port): {error.strerror}"
            ) from error
        _log.info("dicom_listening", ae_title=self._settings.ae_title, host=where[0], port=self.port)
        if not self._allowed:
            _log.warning("dicom_refuses_everybody", setting="gateway.allowed_ae_titles")

    def stop(self) -> None:
        """Stop listening; open associations are aborted, so that no sender believes more than is durable."""
        self._entity.shutdown()

    def _new_entity(self) -> AE:
        entity = AE(ae_title=self._settings.ae_title)
        entity.maximum_associations = self._settings.max_associations
        entity.maximum_pdu_size = _MAX_PDU_BYTES
        entity.network_timeout = self._settings.association_idle_s
        entity.add_supported_context(VERIFICATION)
        for storage_class in STORAGE_CLASSES:
            entity.add_supported_context(storage_class, list(TRANSFER_SYNTAXES))
        return entity

    def _handlers(self) -> list[tuple[Any, Callable[[Event], Any]]]:
        return [
            (evt.EVT_REQUESTED, self._on_requested),
            (evt.EVT_C_STORE, self._on_store),
            (evt.EVT_CONN_OPEN, _acknowledge_at_once),
            (evt.EVT_PDU_SENT, _acknowledge_at_once),
            (evt.EVT_C_ECHO, lambda _event: SUCCESS),
            (evt.EVT_RELEASED, lambda event: self._on_end(event, released=True)),
            (evt.EVT_ABORTED, lambda event: self._on_end(event, released=False)),
            (evt.EVT_CONN_CLOSE, lambda event: self._on_end(event, released=False)),
        ]

    def _on_requested(self, event: Event) -> None:
        calling = str(event.assoc.requestor.primitive.calling_ae_title).strip()
        if calling in self._allowed or ANY_AE_TITLE in self._allowed:
            return
        metrics.REFUSED.labels("calling_ae_title").inc()
        _log.warning(
            "association_refused",
            reason="calling AE title not recognized",
            calling_ae_title=calling,
            peer=event.assoc.requestor.address,
            setting="gateway.allowed_ae_titles",
        )
        event.assoc.acse.send_reject(*_CALLING_AE_NOT_RECOGNIZED)
        event.assoc.kill()

    def _on_store(self, event: Event) -> int:
        received = _received(event)
        try:
            self._reception.take(received)
        except BadDicom as error:
            return NOT_MATCHING_SOP_CLASS if error.reason == NOT_AS_NAMED else CANNOT_UNDERSTAND
        except (OSError, TransientError) as error:
            metrics.REFUSED.labels("spool_unavailable").inc()
            _log.error("spool_unavailable", setting="gateway.spool", error=str(error))
            return OUT_OF_RESOURCES
        return SUCCESS

    def _on_end(self, event: Event, *, released: bool) -> None:
        self._tracker.end_association(id(event.assoc), released=released, at=datetime.now(UTC))


def _acknowledge_at_once(event: Event) -> None:
    """Ask the kernel not to delay TCP acknowledgements; it forgets the wish after each answer.

    A sender with Nagle's algorithm on, dcmtk's default, otherwise waits up to 40 ms for the acknowledgement before
    it sends the end of a slice.
    """
    connection = event.assoc.dul.socket.socket if event.assoc.dul.socket else None
    if connection is not None and hasattr(socket, "TCP_QUICKACK"):
        with suppress(OSError):  # closed by the peer meanwhile, which the association finds out by itself
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _received(event: Event) -> Received:
    request, syntax = event.request, event.context.transfer_syntax
    return Received(
        encoded=request.DataSet.getvalue(),
        file_meta=_file_meta(request.AffectedSOPClassUID, request.AffectedSOPInstanceUID, syntax),
        sop_class_uid=str(request.AffectedSOPClassUID),
        sop_uid=str(request.AffectedSOPInstanceUID),
        transfer_syntax=syntax,
        association=id(event.assoc),
        at=datetime.now(UTC),
    )


def _file_meta(sop_class_uid: str, sop_uid: str, syntax: str) -> bytes:
    """Preamble, prefix and file meta information (PS3.10 section 7.1), which is always explicit VR little endian."""
    elements = b"".join(
        (
            _element(0x0001, b"OB", b"\x00\x01"),
            _element(0x0002, b"UI", sop_class_uid.encode("ascii")),
            _element(0x0003, b"UI", sop_uid.encode("ascii")),
            _element(0x0010, b"UI", syntax.encode("ascii")),
            _element(0x0012, b"UI", PYNETDICOM_IMPLEMENTATION_UID.encode("ascii")),
        )
    )
    return b"\x00" * 128 + b"DICM" + _element(0x0000, b"UL", struct.pack("<I", len(elements))) + elements


def _element(number: int, vr: bytes, value: bytes) -> bytes:
    """One element of group 0002 (PS3.5 section 7.1.2)."""
    padded = value + b"\x00" * (len(value) % 2)
    length = struct.pack("<HI", 0, len(padded)) if vr == b"OB" else struct.pack("<H", len(padded))
    return struct.pack("<HH", 0x0002, number) + vr + length + padded
