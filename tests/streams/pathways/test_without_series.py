"""A study without a readable series: a plain thick head cannot answer, lateral films are nothing, else it failed."""

from __future__ import annotations

import msgspec
import pytest

from schemas.events import SeriesSummary, StudyArrived
from streams.pathways import find_pathway
from tests.fakes.studies import study
from triton_models.prepared import RefusalState

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
    refused = find_pathway("stroke").without_series(found)
    assert bool(refused) is bool(said)
    if refused is not None:
        assert refused.state is RefusalState.INDETERMINATE
        assert refused.reason.startswith(said)


FILM = SeriesSummary(series_uid="1.3", modality="DX", instances=1, view_position="LL")


@pytest.mark.parametrize(
    ("series", "applies"),
    [
        ((FILM,), False),
        ((FILM, msgspec.structs.replace(FILM, view_position="", description="CHEST LATERAL")), False),
        ((FILM, msgspec.structs.replace(FILM, modality="SR")), True),
        ((), True),
    ],
)
def test_a_study_of_lateral_films_alone_is_not_applicable(series: tuple[SeriesSummary, ...], applies: bool) -> None:
    refused = find_pathway("chest").without_series(head(*series))
    assert (refused is None) is applies
    if refused is not None:
        assert refused.state is RefusalState.NOT_APPLICABLE
