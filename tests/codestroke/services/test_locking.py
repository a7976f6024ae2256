"""A build in the cache is whole or not there."""

from pathlib import Path

import pytest

from codestroke.services.locking import build_once, is_built


def test_a_half_made_build_is_made_anew(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        build_once(tmp_path / "thing", fail)
    assert not is_built(tmp_path / "thing")
    build_once(tmp_path / "thing", lambda folder: (folder / "whole").touch())
    assert is_built(tmp_path / "thing")
    assert not (tmp_path / "thing" / "half").exists()
