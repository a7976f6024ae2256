"""A role that cannot stop, because a peer is away, is cut off; one that can is not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from streams import app as app_module
from streams.app import WorkerDeps, WorkerHost
from streams.settings import WorkerSettings


class _App:
    def __init__(self, stop_s: float) -> None:
        self._stop_s = stop_s

    async def stop(self) -> None:
        await asyncio.sleep(self._stop_s)


def _host(cut: list[str]) -> WorkerHost:
    bare = WorkerDeps(
        engine=cast("Any", None),
        kafka=cast("Any", None),
        triton=cast("Any", None),
        settings=WorkerSettings(stop_s=0.1),
        spool=cast("Any", None),
        site_key=b"",
        now=cast("Any", None),
    )
    return WorkerHost(["router"], replace(bare, cut_off=lambda: cut.append("cut")))


@pytest.mark.parametrize(("stop_s", "cut"), [(0.0, []), (30.0, ["cut"])])
async def test_only_a_role_that_does_not_stop_is_cut_off(stop_s: float, cut: list[str]) -> None:
    given: list[str] = []
    role = app_module._Role("router", cast("Any", _App(stop_s)), cast("Any", None))
    await _host(given)._end(role)
    assert given == cut
