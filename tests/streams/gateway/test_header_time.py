"""The modality's clock and the patient's age, as headers write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from streams.gateway.header_time import Texts, acquired_at, age_years

BERLIN = ZoneInfo("Europe/Berlin")


def header(**elements: str) -> Texts:
    return lambda word: elements.get(word, "")


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"AcquisitionDate": "20240301", "AcquisitionTime": "101500.25"}, datetime(2024, 3, 1, 9, 15, 0, 250000, UTC)),
        ({"AcquisitionDateTime": "20240301101500+0530"}, datetime(2024, 3, 1, 4, 45, tzinfo=UTC)),
        ({"ContentDate": "20240701", "ContentTime": "1015"}, datetime(2024, 7, 1, 8, 15, tzinfo=UTC)),
        (
            {"AcquisitionDate": "20240301", "AcquisitionTime": "101500", "TimezoneOffsetFromUTC": "-0500"},
            datetime(2024, 3, 1, 15, 15, tzinfo=UTC),
        ),
        ({"AcquisitionDate": "20240301"}, None),
        ({"AcquisitionTime": "101500"}, None),
        ({"AcquisitionDate": "20241301", "AcquisitionTime": "101500"}, None),
        ({"AcquisitionDate": "rubbish", "AcquisitionTime": "x"}, None),
        ({}, None),
    ],
)
def test_acquired_at(elements: dict[str, str], expected: datetime | None) -> None:
    assert acquired_at(header(**elements), BERLIN) == expected


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"PatientAge": "071Y"}, 71),
        ({"PatientAge": "018M"}, 1.5),
        ({"PatientBirthDate": "19530301", "StudyDate": "20240301"}, 71),
        ({"PatientBirthDate": "20250301", "StudyDate": "20240301"}, None),
        ({"PatientAge": "71", "PatientBirthDate": "unknown"}, None),
        ({}, None),
    ],
)
def test_age_years(elements: dict[str, str], expected: float | None) -> None:
    assert age_years(header(**elements)) == expected
