"""A real Orthanc with its DICOMweb plugin, from Debian's packages, for the tests that need a PACS."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

INSTALL = "apt-get update && apt-get install orthanc orthanc-dicomweb dcmtk"


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """REST url and DICOM port of an empty Orthanc."""
    binary = shutil.which("Orthanc")
    if binary is None:
        if os.environ.get("CI"):
            pytest.fail(f"Orthanc is missing: {INSTALL}")
        pytest.skip(f"Orthanc is missing: {INSTALL}")
    http, dicom = _free_port(), _free_port()
    plugins = [str(path) for path in Path("/usr/share/orthanc/plugins").glob("*DicomWeb*")]
    config = tmp_path / "orthanc.json"
    config.write_text(
        json.dumps(
            {
                "StorageDirectory": str(tmp_path / "storage"),
                "IndexDirectory": str(tmp_path / "storage"),
                "HttpPort": http,
                "DicomPort": dicom,
                "RemoteAccessAllowed": False,
                "AuthenticationEnabled": False,
                "DicomAlwaysAllowStore": True,
                "Plugins": plugins,
            }
        )
    )
    process = subprocess.Popen([binary, str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{http}"
        _await(url)
        yield url, dicom
    finally:
        process.terminate()
        process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(url: str) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"{url}/dicom-web/studies?limit=1") as answer:  # noqa: S310 - loopback
                answer.read()
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("Orthanc with its DICOMweb plugin did not start in 10 s")
