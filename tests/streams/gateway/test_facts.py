"""What is kept of a header, and what is not."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import msgspec
import pytest

from schemas.errors import BadDicom
from schemas.priorities import Priority
from streams.core.readiness import Shape
from streams.gateway.facts import InstanceFacts, facts_of, one_line, position_mm, values_of
from tests.streams.gateway.builders import KEY, ct_slice


def read(**changes: Any) -> InstanceFacts:
    return facts_of(values_of(ct_slice(3, **changes)), site_key=KEY, zone=UTC)


def test_facts_hold_no_patient_data() -> None:
    text = msgspec.json.encode(read()).decode()
    assert not any(secret in text for secret in ("Doe", "Jane", "4711", "0815"))
    assert read().patient_key == read(PatientName="Other^Name").patient_key != read(PatientID="MRN-1").patient_key


def test_facts_of_an_axial_slice() -> None:
    facts = read(RequestedProcedurePriority="STAT")
    assert (facts.modality, facts.body_part, facts.contrast_agent) == ("CT", "HEAD", True)
    assert (facts.position_mm, facts.slice_thickness_mm, facts.priority) == (3.0, 1.0, Priority.STAT)
    assert (facts.patient_sex, facts.patient_age_years, facts.shape) == ("F", 71, Shape.STACK)


@pytest.mark.parametrize(
    "changes", [{"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, {"Modality": "DX"}, {"NumberOfFrames": 9}]
)
def test_each_is_whole_in_itself(changes: dict[str, Any]) -> None:
    assert read(**changes).shape is Shape.SELF_CONTAINED


@pytest.mark.parametrize("uid", ["../../etc/passwd", "1." + "2" * 64, "", "1.2.x"])
def test_a_uid_that_is_none_is_refused(uid: str) -> None:
    values = {"StudyInstanceUID": [uid], "SeriesInstanceUID": ["1.2"], "SOPInstanceUID": ["1.3"]}
    with pytest.raises(BadDicom, match="StudyInstanceUID"):
        facts_of(lambda word: values.get(word, []), site_key=KEY, zone=UTC)


@pytest.mark.parametrize(
    ("position", "orientation", "expected"),
    [
        (["1", "2", "3"], ["1", "0", "0", "0", "1", "0"], 3.0),
        (["1", "2", "3"], ["0", "1", "0", "0", "0", "-1"], -1.0),
        (["1", "2"], ["1", "0", "0", "0", "1", "0"], None),
        (["1", "x", "3"], ["1", "0", "0", "0", "1", "0"], None),
        (["1", "2", "1e400"], ["1", "0", "0", "0", "1", "0"], None),
    ],
)
def test_position_along_the_normal(position: list[str], orientation: list[str], expected: float | None) -> None:
    assert position_mm(position, orientation) == expected


def test_control_characters_do_not_leave_the_header() -> None:
    assert one_line(["CTA\x1b[31m\r\nHEAD", "x" * 200])[:14] == "CTA [31m HEAD\\"
    assert len(one_line(["x" * 200])) == 128
