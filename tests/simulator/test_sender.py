"""Studies go over a real association on loopback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless

from schemas.errors import PeerUnavailable
from simulator.render import Order, render
from simulator.sender import NOT_NEGOTIATED, Door, SendReport, interleaved, send
from simulator.specs import ChestFilm, Damage, FilmModality, KneeCt
from tests.simulator.inbox import CANNOT_UNDERSTAND, SUCCESS, listening


def _knee(number: int = 1, damage: Damage = Damage.NONE) -> list[FileDataset]:
    return list(render(Order(seed=1, number=number, spec=KneeCt(damage=damage))))


def test_everything_arrives_as_sent() -> None:
    knee = _knee()
    with listening() as inbox:
        report = send(knee, inbox.door)
    assert (report.stored, report.refused) == (len(knee), 0)
    assert inbox.uids == [instance.SOPInstanceUID for instance in knee]
    assert [one.PixelData for one in inbox.datasets] == [instance.PixelData for instance in knee]


def test_refusals_are_counted_by_status() -> None:
    with listening(refuses=frozenset({5, 6})) as inbox:
        report = send(_knee(), inbox.door)
    assert report.statuses == {SUCCESS: 39, CANNOT_UNDERSTAND: 2}


def test_encapsulated_pixels_travel_in_their_own_encoding() -> None:
    knee = _knee(damage=Damage.GARBAGE_PIXELS)
    with listening() as inbox:
        assert send(knee, inbox.door).stored == len(knee)
    assert inbox.datasets[3].PixelData == knee[3].PixelData
    assert set(inbox.syntaxes) == {JPEG2000Lossless}


def test_plain_pixels_travel_as_explicit_little_endian() -> None:
    with listening() as inbox:
        send(_knee(), inbox.door)
    assert set(inbox.syntaxes) == {ExplicitVRLittleEndian}


def test_an_object_class_that_is_not_taken_is_not_sent() -> None:
    film = render(Order(seed=1, number=1, spec=ChestFilm(rows=128, modality=FilmModality.CR)))
    with listening() as inbox:
        assert send(film, inbox.door).statuses == {NOT_NEGOTIATED: 1}
    assert inbox.datasets == []


def test_unknown_caller_is_refused_by_name() -> None:
    with listening(knows_callers=("SOMEBODY",)) as inbox, pytest.raises(PeerUnavailable, match="refused SIM-CT"):
        send(_knee(), inbox.door)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pynetdicom leaves the socket open
def test_nobody_listening_is_a_peer_that_is_unavailable() -> None:
    with listening() as inbox:
        port = inbox.door.port
    with pytest.raises(PeerUnavailable, match="does not answer"):
        send(_knee(), Door("127.0.0.1", port))


def test_an_abort_by_the_peer_is_told() -> None:
    with listening(aborts_at=7) as inbox, pytest.raises(PeerUnavailable, match="broke the association"):
        send(_knee(), inbox.door)
    assert len(inbox.datasets) == 6


def test_two_studies_can_be_mixed() -> None:
    with listening() as inbox:
        send(interleaved(_knee(1), _knee(2)), inbox.door)
    studies = [dataset.StudyInstanceUID for dataset in inbox.datasets]
    assert len(studies) == 82
    assert studies[0::2].count(studies[0]) == 41


def test_time_of_acquisition_is_that_of_sending() -> None:
    at = datetime(2026, 5, 4, 23, 59, 59, tzinfo=UTC) + timedelta(milliseconds=250)
    with listening() as inbox:
        send(_knee(), inbox.door, taken_at=at)
    assert {dataset.AcquisitionDateTime for dataset in inbox.datasets} == {"20260504235959.250000+0000"}


def test_reports_add_up() -> None:
    assert SendReport({0: 3, 1: 1}).joined(SendReport({0: 2})) == SendReport({0: 5, 1: 1})
