"""Triton's command line and repository."""

from pathlib import Path

import pytest

from codestroke.services.parts import Layout, Ports
from codestroke.services.triton import options, repository
from schemas.errors import BadSettings


def test_the_server_listens_on_loopback_only_and_stops_on_a_bad_model() -> None:
    ports = Ports(triton_grpc=1, triton_http=2, triton_metrics=3)
    told = options(Path("/m"), ports, Path("/b"), prefix="p-")
    assert [one for one in told if "address" in one] == [
        "--http-address=127.0.0.1",
        "--grpc-address=127.0.0.1",
        "--metrics-address=127.0.0.1",
    ]
    assert {"--exit-on-error=true", "--model-control-mode=none", "--grpc-port=1", "--http-port=2"} <= set(told)


def test_a_chosen_repository_must_be_a_folder(tmp_path: Path) -> None:
    assert repository(Layout(tmp_path), tmp_path) == tmp_path.resolve()
    with pytest.raises(BadSettings, match="is not a folder"):
        repository(Layout(tmp_path), tmp_path / "absent")
