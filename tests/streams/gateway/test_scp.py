"""Who may speak to the DICOM door, and what it answers."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest
import structlog
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    EnhancedCTImageStorage,
    JPEGExtended12Bit,
    MRImageStorage,
)
from pynetdicom import AE, build_context
from pynetdicom.sop_class import CTImageStorage, Verification

from streams.dicom.syntaxes import DECODABLE, DEFLATED_LE
from streams.gateway.syntaxes import TRANSFER_SYNTAXES
from tests.streams.gateway.builders import RememberingSink, ct_slice, running, settings_of, store, stored_files


async def rejection(tmp_path: Path, allowed: tuple[str, ...]) -> tuple[bool, list[structlog.typing.EventDict]]:
    with structlog.testing.capture_logs() as logs:
        async with running(settings_of(tmp_path, allowed_ae_titles=allowed), RememberingSink()) as gateway:
            try:
                await asyncio.to_thread(store, gateway.port, [ct_slice(1)], ae_title="STRANGER")
            except ConnectionRefusedError:
                return True, [one for one in logs if one["event"] == "association_refused"]
    return False, []


@pytest.mark.parametrize("allowed", [(), ("SCANNER",)])
async def test_stranger_is_rejected_and_the_log_says_what_to_change(tmp_path: Path, allowed: tuple[str, ...]) -> None:
    was_rejected, [line] = await rejection(tmp_path, allowed)
    assert was_rejected
    assert line["reason"] == "calling AE title not recognized"
    assert (line["calling_ae_title"], line["peer"]) == ("STRANGER", "127.0.0.1")
    assert line["setting"] == "gateway.allowed_ae_titles"


async def test_star_accepts_everybody(tmp_path: Path) -> None:
    assert (await rejection(tmp_path, ("*",)))[0] is False


async def test_echo_and_contexts(tmp_path: Path) -> None:
    def talk(port: int) -> tuple[int, set[str]]:
        entity = AE(ae_title="SCANNER")
        entity.add_requested_context(Verification)
        entity.add_requested_context(MRImageStorage)
        entity.add_requested_context(CTImageStorage, DeflatedExplicitVRLittleEndian)
        association = entity.associate("127.0.0.1", port)
        accepted = {str(cx.abstract_syntax) for cx in association.accepted_contexts}
        status = association.send_c_echo().Status
        association.release()
        return status, accepted

    async with running(settings_of(tmp_path), RememberingSink()) as gateway:
        status, accepted = await asyncio.to_thread(talk, gateway.port)
    assert (status, accepted) == (0x0000, {str(Verification)})


def test_offered_encodings_are_those_that_are_decoded_but_the_deflated_one() -> None:
    assert set(TRANSFER_SYNTAXES) == set(DECODABLE) - {DEFLATED_LE}


async def test_each_decodable_encoding_is_accepted_and_no_other(tmp_path: Path) -> None:
    def accepted(port: int) -> set[str]:
        entity = AE(ae_title="SCANNER")
        # One context for each encoding: of several in one the acceptor takes a single one (PS3.8 section 7.1.1.13).
        contexts = [build_context(CTImageStorage, syntax) for syntax in (*DECODABLE, JPEGExtended12Bit)]
        association = entity.associate("127.0.0.1", port, contexts=contexts)
        found = {str(cx.transfer_syntax[0]) for cx in association.accepted_contexts}
        association.release()
        return found

    async with running(settings_of(tmp_path), RememberingSink()) as gateway:
        assert await asyncio.to_thread(accepted, gateway.port) == set(TRANSFER_SYNTAXES)


@pytest.mark.parametrize(
    ("sop_class", "modality"),
    [
        (EnhancedCTImageStorage, "CT"),
        (ComputedRadiographyImageStorage, "CR"),
        (DigitalXRayImageStorageForPresentation, "DX"),
        (DigitalXRayImageStorageForProcessing, "DX"),
    ],
)
async def test_each_object_class_is_taken_and_announced(tmp_path: Path, sop_class: str, modality: str) -> None:
    sink = RememberingSink()
    async with running(settings_of(tmp_path), sink) as gateway:
        sent = [ct_slice(1, SOPClassUID=sop_class, Modality=modality)]
        assert await asyncio.to_thread(store, gateway.port, sent) == [0x0000]
        [event] = await sink.wait_for(1)
    assert (event.modality, event.series[0].sop_class_uid) == (modality, sop_class)


async def test_success_is_not_answered_before_the_file_is_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked, may_go = os.fsync, threading.Event(), threading.Event()

    def slow(descriptor: int) -> None:
        asked.set()
        may_go.wait(5)
        real(descriptor)

    async with running(settings_of(tmp_path), RememberingSink()) as gateway:
        monkeypatch.setattr(os, "fsync", slow)
        sending = asyncio.create_task(asyncio.to_thread(store, gateway.port, [ct_slice(1)]))
        assert await asyncio.to_thread(asked.wait, 5)
        await asyncio.sleep(0.3)
        assert (sending.done(), stored_files(tmp_path)) == (False, 0)
        may_go.set()
        assert await sending == [0x0000]
    assert stored_files(tmp_path) == 1


async def test_statuses_of_bad_instances_leave_the_good_ones_alone(tmp_path: Path) -> None:
    sent = [ct_slice(1), ct_slice(2, Rows=64), ct_slice(3, StudyInstanceUID=""), ct_slice(4)]
    async with running(settings_of(tmp_path), RememberingSink()) as gateway:
        statuses = await asyncio.to_thread(store, gateway.port, sent)
    assert statuses == [0x0000, 0xC000, 0xC000, 0x0000]
    assert stored_files(tmp_path) == 2


async def test_full_disk_is_out_of_resources_and_the_gateway_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    async with running(settings_of(tmp_path), RememberingSink()) as gateway:
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            assert await asyncio.to_thread(store, gateway.port, [ct_slice(1)]) == [0xA700]
        assert await asyncio.to_thread(store, gateway.port, [ct_slice(1)]) == [0x0000]
