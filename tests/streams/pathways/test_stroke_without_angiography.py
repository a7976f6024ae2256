"""A plain head in thick slices cannot answer for an occlusion; an angiography that cannot be read is a failure."""

from __future__ import annotations

import msgspec
import pytest

from schemas.events import SeriesSummary, StudyArrived
from streams.pathways import find_pathway
from tests.fakes.studies import study

PLAIN = SeriesSummary(series_uid="1.2", modality="CT", instances=28, description="HEAD", slice_thickness_mm=5.0)


def head(*series: SeriesSummary, description: str = "HEAD") -> StudyArrived:
    return msgspec.structs.replace(study(), series=series, description=description)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (head(PLAIN), "no contrast"),
        (head(msgspec.structs.replace(PLAIN, contrast_agent=True)), ""),
        (head(msgspec.structs.replace(PLAIN, description="CTA 5 mm")), ""),
        (head(PLAIN, description="CTA HEAD"), ""),
        (head(msgspec.structs.replace(PLAIN, modality="MR")), ""),
        (head(), ""),
    ],
)
def test_only_a_plain_thick_head_is_said_to_have_no_contrast(found: StudyArrived, said: str) -> None:
    why = find_pathway("stroke").cannot_answer(found)
    assert why.startswith(said)
    assert bool(why) is bool(said)
