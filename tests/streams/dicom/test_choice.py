"""The series is chosen by the rule, with its reason, whatever the order in which series are listed."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.errors import UnsuitableSeries
from schemas.events import Clocks, SeriesSummary, StudyArrived
from schemas.priorities import Priority
from streams.dicom.choice import Refused, SeriesRule, choose_series, refusal

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CTA = SeriesRule(
    name="stroke",
    modalities=frozenset({"CT"}),
    min_instances=40,
    max_thickness_mm=2.0,
    wanted_words=("CTA", "ANGIO", "ARTERIAL"),
    refused_words=("BONE", "PERFUSION"),
    body_parts=frozenset({"HEAD", "NECK"}),
    decodable=frozenset({"1.2.840.10008.1.2.1"}),
    prefer_contrast=True,
)


def _series(number: int = 1, **fields: Any) -> SeriesSummary:
    values: dict[str, Any] = {"modality": "CT", "instances": 300, "slice_thickness_mm": 0.6} | fields
    return SeriesSummary(series_uid=f"1.2.{number}", **values)


def _study(*series: SeriesSummary) -> StudyArrived:
    clocks = Clocks(last_instance_at=NOW, ready_at=NOW)
    return StudyArrived(
        site="s",
        source="spool",
        study_uid="1.2",
        patient_key="p",
        modality="CT",
        body_part="HEAD",
        description="",
        priority=Priority.ROUTINE,
        series=series,
        clocks=clocks,
        readiness="counted",
    )


PREFERENCES = [
    (_series(1, description="CTA Head"), _series(2, description="Head")),
    (_series(1, contrast_agent=True), _series(2)),
    (_series(1, slice_thickness_mm=0.6), _series(2, slice_thickness_mm=1.5)),
    (_series(1, instances=400), _series(2, instances=100)),
    (_series(1), _series(2)),
]


@pytest.mark.parametrize("pair", PREFERENCES)
@pytest.mark.parametrize("turned", [False, True])
def test_the_better_series_wins_in_any_order(pair: tuple[SeriesSummary, SeriesSummary], turned: bool) -> None:
    assert choose_series(_study(*(pair[::-1] if turned else pair)), CTA).series_uid == "1.2.1"


def test_order_of_listing_never_matters() -> None:
    series = [_series(n, instances=50 * n, slice_thickness_mm=n / 4, description="CTA" * (n % 2)) for n in range(1, 5)]
    chosen = {choose_series(_study(*order), CTA).series_uid for order in itertools.permutations(series)}
    assert len(chosen) == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"modality": "MR"}, Refused.MODALITY),
        ({"image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER")}, Refused.LOCALIZER),
        ({"image_type": ("DERIVED", "PRIMARY", "MIP")}, Refused.LOCALIZER),
        ({"description": "Head bone 0.6"}, Refused.WORDS),
        ({"description": "HEAD, BONES"}, Refused.WORDS),
        ({"description": "Head 1 mm, iBone"}, None),
        ({"body_part": "KNEE"}, Refused.BODY_PART),
        ({"instances": 2}, Refused.TOO_FEW),
        ({"instances": 5001}, Refused.TOO_MANY),
        ({"slice_thickness_mm": 5.0}, Refused.TOO_THICK),
        ({"transfer_syntax_uid": "1.2.840.10008.1.2.4.51"}, Refused.SYNTAX),
        ({}, None),
        ({"slice_thickness_mm": None, "body_part": "head"}, None),
    ],
)
def test_each_refusal_has_its_reason(fields: dict[str, Any], reason: Refused | None) -> None:
    assert refusal(_series(**fields), CTA) is reason


def test_views_and_classes_refuse_films() -> None:
    rule = SeriesRule("chest", frozenset({"DX"}), views=frozenset({"AP", "PA"}), sop_classes=frozenset({"1.2.3"}))
    film: dict[str, Any] = {"modality": "DX", "instances": 1, "slice_thickness_mm": None}
    assert refusal(_series(**film, view_position="LL"), rule) is Refused.VIEW
    assert refusal(_series(**film, sop_class_uid="1.2.4"), rule) is Refused.SOP_CLASS
    assert refusal(_series(**film, view_position="PA", sop_class_uid="1.2.3"), rule) is None


def test_a_malformed_uid_is_refused() -> None:
    assert refusal(SeriesSummary(series_uid="../x", modality="CT", instances=99), CTA) is Refused.BAD_UID


def test_the_reason_names_merits_and_refusals() -> None:
    choice = choose_series(_study(_series(1, description="CTA", contrast_agent=True), _series(2, modality="SR")), CTA)
    assert choice.reason == "300 instances, 0.6 mm, contrast agent, wanted words: CTA; best of 1; refused: modality (1)"
    assert choice.refused == {Refused.MODALITY: 1}


def test_no_fitting_series_says_why_for_all() -> None:
    study = _study(_series(1, modality="SR"), _series(2, instances=1), _series(3, instances=2))
    with pytest.raises(UnsuitableSeries, match=r"modality \(1\), too few instances \(2\)"):
        choose_series(study, CTA)


def test_a_study_without_series_is_refused() -> None:
    with pytest.raises(UnsuitableSeries, match="no series"):
        choose_series(_study(), CTA)
