"""Which pathway must give an outcome for which study."""

from __future__ import annotations

import msgspec
import pytest

from schemas.events import StudyArrived
from streams.pathways import all_pathways, find_pathway
from tests.fakes.studies import study


def _study(modality: str, body_part: str, description: str = "") -> StudyArrived:
    made = study(modality=modality, body_part=body_part)
    series = tuple(msgspec.structs.replace(item, description="", body_part=body_part) for item in made.series)
    return msgspec.structs.replace(made, description=description, series=series)


@pytest.mark.parametrize(
    ("modality", "body_part", "description", "expected"),
    [
        ("CT", "HEAD", "", {"stroke"}),
        ("CT", "", "CTA Head/Neck", {"stroke"}),
        ("CT", "ABDOMEN", "", {"aorta"}),
        ("CT", "CHESTABDPELVIS", "", {"aorta"}),
        ("CT", "CHEST", "", set()),
        ("CT", "", "", {"stroke", "aorta"}),
        ("DX", "CHEST", "", {"chest"}),
        ("CR", "", "", {"chest"}),
        ("DX", "HAND", "", set()),
        ("MR", "BRAIN", "", set()),
    ],
)
def test_region_and_modality_choose_the_pathways(
    modality: str, body_part: str, description: str, expected: set[str]
) -> None:
    given = _study(modality, body_part, description)
    assert {item.name for item in all_pathways() if item.eligible(given).eligible} == expected


def test_every_refusal_has_a_reason() -> None:
    assert find_pathway("stroke").eligible(_study("MR", "BRAIN")).reason == "modality MR is not read by this pathway"
    assert find_pathway("stroke").eligible(_study("CT", "KNEE")).reason == "body region knee"
