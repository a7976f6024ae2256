"""Who may speak to the DICOM door, and what it answers."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
import structlog
from pydicom.uid import DeflatedExplicitVRLittleEndian, MRImageStorage
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage, Verification

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
