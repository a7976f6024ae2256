"""What appears in a watched PACS is announced once, from where the watcher stopped, whatever the PACS answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr
from pydicom.uid import SecondaryCaptureImageStorage

from streams.gateway.settings import GatewaySettings, OrthancWatch, QidoWatch
from streams.gateway.watch import orthanc as orthanc_module
from tests.streams.gateway.builders import STUDY, RememberingSink, ct_slice, running, settings_of
from tests.streams.gateway.watch.pacs import Pacs, orthanc_id

KINDS = ("orthanc", "qido")


def watching(spool: Path, kind: str, url: str, **changes: Any) -> GatewaySettings:
    plain: dict[str, Any] = {"alias": "pacs", "url": url, "poll_s": 0.05, "backoff_max_s": 0.2, "from_start": True}
    own = plain | changes
    return settings_of(
        spool,
        orthanc=(OrthancWatch(**own),) if kind == "orthanc" else (),
        qido=(QidoWatch(**own),) if kind == "qido" else (),
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_new_study_is_announced_with_the_alias(tmp_path: Path, kind: str) -> None:
    pacs, sink = Pacs(), RememberingSink()
    async with pacs.listening() as url, running(watching(tmp_path, kind, url), sink):
        pacs.held += [ct_slice(n) for n in range(20)]
        [event] = await sink.wait_for(1)
    assert (event.source, event.study_uid, event.revision) == ("pacs", STUDY, 1)
    assert (event.series[0].instances, event.series[0].modality, event.body_part) == (20, "CT", "HEAD")
    assert event.series[0].contrast_agent


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_there_before_the_first_start_is_left_alone(tmp_path: Path, kind: str) -> None:
    pacs, sink = Pacs(), RememberingSink()
    pacs.held += [ct_slice(n) for n in range(3)]
    async with pacs.listening() as url, running(watching(tmp_path, kind, url, from_start=False), sink):
        await asyncio.sleep(0.5)
        pacs.held += [ct_slice(n, study="1.2.3") for n in range(3)]
        [event] = await sink.wait_for(1)
    assert event.study_uid == "1.2.3"


@pytest.mark.parametrize("kind", KINDS)
async def test_restart_continues_where_it_stopped(tmp_path: Path, kind: str) -> None:
    pacs, sink = Pacs(), RememberingSink()
    async with pacs.listening() as url:
        settings = watching(tmp_path, kind, url)
        pacs.held += [ct_slice(n) for n in range(4)]
        async with running(settings, sink):
            await sink.wait_for(1)
        pacs.held += [ct_slice(n) for n in range(4, 6)]
        async with running(settings, sink):
            events = await sink.wait_for(2)
    assert [(one.revision, one.series[0].instances) for one in events] == [(1, 4), (2, 6)]


@pytest.mark.parametrize("kind", KINDS)
async def test_objects_that_are_no_images_of_ours_do_not_amend(tmp_path: Path, kind: str) -> None:
    pacs, sink = Pacs(), RememberingSink()
    async with pacs.listening() as url, running(watching(tmp_path, kind, url), sink):
        pacs.held += [ct_slice(n) for n in range(4)]
        await sink.wait_for(1)
        pacs.held.append(ct_slice(9, series="7", SOPClassUID=SecondaryCaptureImageStorage))
        await asyncio.sleep(1)
    assert len(sink.records) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "fault", [{"fault": 503}, {"fault": 302}, {"body": "<html>login</html>"}, {"body": "[[]]"}, {"body": "{}"}]
)
async def test_pacs_that_fails_is_named_and_comes_back(tmp_path: Path, kind: str, fault: dict[str, Any]) -> None:
    pacs, sink = Pacs(), RememberingSink()
    pacs.held += [ct_slice(n) for n in range(4)]
    vars(pacs).update(fault)
    with structlog.testing.capture_logs() as logs:
        async with pacs.listening() as url, running(watching(tmp_path, kind, url), sink):
            await asyncio.sleep(0.4)
            pacs.fault, pacs.body = 0, ""
            await sink.wait_for(1)
    told = [one for one in logs if one["event"] == "pacs_unavailable"]
    assert [one["peer"] for one in told] == ["pacs"]
    assert f"gateway.{kind}" in told[0]["error"]


ODD = ("null", "[]", "{}", "[null]", '[{"ID": 7}]', '{"ParentSeries": "../../x"}', '{"Changes": 1, "Last": null}')
PATHS = {
    "orthanc": (
        "/changes", "/instances/[^/]+", "/instances/[^/]+/simplified-tags", "/instances/[^/]+/metadata", "/series/.*",
    ),
    "qido": ("/studies", "/studies/.*/series", "/studies/.*/instances"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in PATHS.items() for path in paths])
async def test_no_answer_ends_the_gateway(tmp_path: Path, kind: str, path: str) -> None:
    pacs, sink = Pacs(), RememberingSink()
    async with pacs.listening() as url, running(watching(tmp_path, kind, url, backoff_max_s=0.05), sink) as gateway:
        for number, text in enumerate(ODD):
            pacs.odd = {path: (200, text)}
            pacs.held.append(ct_slice(0, study=f"1.2.9.{number}"))
            await asyncio.sleep(0.12)
        pacs.odd = {}
        pacs.held += [ct_slice(n, study="1.2.3") for n in range(4)]
        while "1.2.3" not in {event.study_uid for event in sink.events}:
            await asyncio.sleep(0.05)
        assert gateway.health()["kafka"] == "up"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_study_that_cannot_be_read_holds_up_no_other(tmp_path: Path, kind: str) -> None:
    pacs, sink = Pacs(), RememberingSink()
    bad, good = ([ct_slice(n, study=study) for n in range(3)] for study in ("1.2.1", "1.2.2"))
    broken = f"/series/{orthanc_id(bad[0].SeriesInstanceUID)}/instances" if kind == "orthanc" else "/studies/1.2.1/.*"
    pacs.odd = {broken: (500, "")}
    async with pacs.listening() as url, running(watching(tmp_path, kind, url), sink):
        pacs.held += bad + good
        [first] = await sink.wait_for(1)
        pacs.odd = {}
        _, second = await sink.wait_for(2)
    assert (first.study_uid, second.study_uid) == ("1.2.2", "1.2.1")


async def test_instances_that_are_counted_before_they_are_found_are_asked_for_again(tmp_path: Path) -> None:
    pacs, sink = Pacs(), RememberingSink()
    pacs.odd = {"/studies/.*/instances": (200, "[]")}
    pacs.held += [ct_slice(n) for n in range(4)]
    async with pacs.listening() as url, running(watching(tmp_path, "qido", url), sink):
        await asyncio.sleep(0.3)
        pacs.odd = {}
        [event] = await sink.wait_for(1)
    assert event.series[0].instances == 4


async def test_an_orthanc_that_was_emptied_is_read_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orthanc_module, "_LOOK_EVERY", 2)
    pacs, sink = Pacs(), RememberingSink()
    pacs.held += [ct_slice(n) for n in range(9)]
    async with pacs.listening() as url, running(watching(tmp_path, "orthanc", url), sink):
        await sink.wait_for(1)
        pacs.held[:] = [ct_slice(n, study="1.2.3") for n in range(3)]
        _, event = await sink.wait_for(2)
    assert (event.study_uid, event.series[0].instances) == ("1.2.3", 3)


async def test_password_travels_as_basic_authentication(tmp_path: Path) -> None:
    pacs, sink = Pacs(), RememberingSink()
    pacs.held += [ct_slice(n) for n in range(4)]
    own = {"user": "u", "password": SecretStr("p")}
    async with pacs.listening() as url, running(watching(tmp_path, "orthanc", url, **own), sink):
        await sink.wait_for(1)
    assert pacs.auth == {"Basic dTpw"}


async def test_orthanc_is_asked_by_series_not_by_instance(tmp_path: Path) -> None:
    pacs, sink = Pacs(), RememberingSink()
    pacs.held += [ct_slice(n) for n in range(50)]
    async with pacs.listening() as url, running(watching(tmp_path, "orthanc", url), sink):
        await sink.wait_for(1)
    assert sum(path.startswith("/instances/") for path in pacs.asked) <= 3


async def test_study_of_another_source_keeps_its_owner(tmp_path: Path) -> None:
    pacs, sink = Pacs(), RememberingSink()
    pacs.held += [ct_slice(n) for n in range(4)]
    async with pacs.listening() as url:
        both = settings_of(
            tmp_path,
            orthanc=(OrthancWatch(alias="a", url=url, poll_s=0.05, from_start=True),),
            qido=(QidoWatch(alias="b", url=url, poll_s=0.3, from_start=True),),
        )
        async with running(both, sink):
            await sink.wait_for(1)
            await asyncio.sleep(1)
    assert len(sink.records) == 1
