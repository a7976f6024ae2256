"""What dcmtk sends is what comes back, byte for byte: from the spool, from Orthanc's own interface and by WADO-RS."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import warnings
from pathlib import Path

import pydicom
import pytest

from schemas.errors import PeerUnavailable
from schemas.ids import SeriesUid, StudyUid
from streams.settings import SourceKind, SourceSettings
from streams.sources import open_sources
from tests.orthanc import INSTALL
from tests.streams.gateway.builders import STUDY, RememberingSink, ct_slice, running, settings_of

pytestmark = pytest.mark.integration
SERIES = f"{STUDY}.1"
SLICES = 24


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A folder with a small series as a modality would write it."""
    folder = tmp_path / "modality"
    folder.mkdir()
    for number in range(SLICES):
        made = ct_slice(number, StudyID="1", StudyTime="101500", PatientBirthDate="")
        made.save_as(folder / f"{number:03d}.dcm", enforce_file_format=True)
    return folder


def _storescu(folder: Path, port: int, *, calling: str = "SCANNER") -> int:
    """Send a folder with dcmtk, whose Nagle delay the variable switches off; returns the exit status."""
    program = shutil.which("storescu")
    if program is None:
        assert not os.environ.get("CI"), f"dcmtk is missing: {INSTALL}"
        pytest.skip(f"dcmtk is missing: {INSTALL}")
    command = [program, "+sd", "-aet", calling, "-aec", "CODESTROKE", "127.0.0.1", str(port), str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, env={**os.environ, "TCP_NODELAY": "1"}, timeout=60)
    return done.returncode


def _files(folder: Path) -> list[Path]:
    return list(folder.glob("*.dcm"))


def _datasets(files: list[Path]) -> list[bytes]:
    """The encoded data sets, without the preamble and meta information that each receiver writes anew."""
    return sorted(_dataset(path.read_bytes(), path) for path in files)


def _dataset(data: bytes, path: Path) -> bytes:
    # PS3.10 section 7.1: 128 bytes, "DICM", then (0002,0000), whose value counts the rest of the group.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        length = int(pydicom.filereader.read_file_meta_info(path).FileMetaInformationGroupLength)
    return data[132 + 12 + length :]


async def test_a_series_sent_by_dcmtk_is_spooled_as_it_was_and_announced_once(study: Path, tmp_path: Path) -> None:
    sink = RememberingSink()
    async with running(settings_of(tmp_path / "spool"), sink) as gateway:
        assert await asyncio.to_thread(_storescu, study, gateway.port) == 0
        (event,) = await sink.wait_for(1)
        await asyncio.sleep(0.5)
    assert len(sink.records) == 1
    assert (event.source, event.series[0].instances, event.problems) == ("spool", SLICES, ())
    assert _datasets(_files(tmp_path / "spool" / STUDY / SERIES)) == _datasets(_files(study))


async def test_a_sender_that_is_not_listed_is_refused(study: Path, tmp_path: Path) -> None:
    sink = RememberingSink()
    async with running(settings_of(tmp_path / "spool"), sink) as gateway:
        assert await asyncio.to_thread(lambda: _storescu(study, gateway.port, calling="STRANGER")) != 0
    assert sink.records == []


@pytest.mark.parametrize("kind", [SourceKind.ORTHANC, SourceKind.DICOMWEB])
async def test_orthanc_gives_back_what_it_was_sent(
    study: Path, tmp_path: Path, orthanc: tuple[str, int], kind: SourceKind
) -> None:
    url, dicom = orthanc
    assert await asyncio.to_thread(_storescu, study, dicom) == 0
    settings = SourceSettings(kind=kind, url=url if kind is SourceKind.ORTHANC else f"{url}/dicom-web")
    async with open_sources({"pacs": settings}, tmp_path) as sources:
        files = await sources["pacs"].fetch(StudyUid(STUDY), SeriesUid(SERIES), tmp_path / "fetched", timeout_s=20)
    assert len(files) == SLICES
    assert _datasets(files) == _datasets(_files(study))


@pytest.mark.parametrize("kind", [SourceKind.ORTHANC, SourceKind.DICOMWEB])
async def test_a_series_that_orthanc_does_not_have_is_said_to_be_missing(
    tmp_path: Path, orthanc: tuple[str, int], kind: SourceKind
) -> None:
    url, _ = orthanc
    settings = SourceSettings(kind=kind, url=url if kind is SourceKind.ORTHANC else f"{url}/dicom-web")
    async with open_sources({"pacs": settings}, tmp_path) as sources:
        with pytest.raises(PeerUnavailable, match=r"worker\.sources\.pacs\.url") as caught:
            await sources["pacs"].fetch(StudyUid(STUDY), SeriesUid(SERIES), tmp_path / "fetched", timeout_s=20)
    assert caught.value.reason == "series_missing"
