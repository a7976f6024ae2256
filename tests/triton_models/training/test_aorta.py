"""The operating point and the figures of the aorta model follow from known errors."""

from __future__ import annotations

import itertools
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from schemas.findings import Finding, FindingState, Measurement
from triton_models.networks.aorta_net import AortaNet, folded, unfolded
from triton_models.phantoms.aneurysm import AneurysmParameters, Shape
from triton_models.phantoms.scanner import Acquisition
from triton_models.phantoms.torso import TorsoParameters
from triton_models.postprocessing.aorta import Measured
from triton_models.prepared import Prepared
from triton_models.preprocessing import aorta as preparing
from triton_models.training import aorta, blocks_aorta, figures_aorta
from triton_models.training.cases_aorta import AbdomenCase, first_seed
from triton_models.training.figures_aorta import Judged
from triton_models.training.parts import Part

pytestmark = pytest.mark.train
ACQUISITION = Acquisition(2.0, 0.5, 0.0, 10.0, 1.0, 0.0)


def case(diameter: float) -> AbdomenCase:
    return AbdomenCase(
        Prepared({}), diameter, 10.0, AneurysmParameters(1, Shape.FUSIFORM), TorsoParameters(1), ACQUISITION
    )


def measured(diameter: float) -> Measured:
    sections = Mock(soft_mm=np.array([1.5]), rough_mm=np.array([0.0]))
    return Measured(sections, 0, diameter, 150.0, cut=False)


def judged(truth: float, told: float, state: FindingState, half: float = 1.0) -> Judged:
    size = Measurement(name="max_diameter_mm", value=told, unit="mm", low=told - half, high=told + half)
    return Judged(case(truth), None, Finding(code="aaa", state=state, score=told / 100, measurements=(size,)))


def test_bias_and_spread_come_from_validation() -> None:
    rng = np.random.default_rng(2)
    truths = rng.uniform(20, 70, 200)
    point = aorta.point_from([(case(t), measured(t + 0.8 + e)) for t, e in zip(truths, rng.normal(0, 1.2, 200))])  # noqa: B905
    assert point.bias_mm == pytest.approx(0.8, abs=0.25)
    assert point.sigma_mm == pytest.approx(1.2, abs=0.25)
    assert 0 < point.not_detected_below < point.detected_at <= 0.5


def test_a_failed_case_does_not_widen_the_standard_error() -> None:
    rows = [(case(40.0), measured(40.0 + e)) for e in (-0.5, 0.5) * 10]
    assert aorta.point_from([*rows, (case(60.0), measured(20.0))]).sigma_mm < 0.7


def test_failures_that_are_no_exception_widen_the_interval_until_it_holds_what_it_says() -> None:
    errors = np.concatenate([np.random.default_rng(4).normal(0, 1.0, 90), [12.0] * 10])
    point = aorta.point_from([(case(40.0), measured(40.0 + e)) for e in errors])
    assert float(np.mean(np.abs(errors - point.bias_mm) <= 1.96 * point.sigma_mm)) >= 0.95


def test_figures_count_errors_and_states() -> None:
    rows = [
        judged(40.0, 41.0, FindingState.DETECTED),
        judged(50.0, 46.0, FindingState.DETECTED),
        judged(32.0, 29.0, FindingState.INDETERMINATE),
        judged(20.0, 20.0, FindingState.NOT_DETECTED),
    ]
    told = figures_aorta.figures(rows)
    assert told["mean_abs_error_mm"] == pytest.approx(2.0)
    assert told["within_2_5_mm"] == pytest.approx(0.5)
    assert told["sensitivity_30mm"] == pytest.approx(2 / 3)
    assert told["specificity"] == pytest.approx(1.0)
    assert told["inside_interval"] == pytest.approx(0.5)


def test_honest_intervals_give_no_false_growth_and_narrow_ones_do() -> None:
    rng = np.random.default_rng(3)
    errors = rng.normal(0, 3.0, 60)
    honest = [judged(45.0, 45.0 + e, FindingState.DETECTED, half=6.0) for e in errors]
    boastful = [judged(45.0, 45.0 + e, FindingState.DETECTED, half=0.5) for e in errors]
    assert figures_aorta.false_rapid_growth(honest) <= 0.01
    assert figures_aorta.false_rapid_growth(boastful) > 0.05


def test_parts_never_share_a_seed() -> None:
    firsts = sorted(first_seed(part, seed) for part in Part for seed in range(7))
    assert all(b - a >= 1_000_000 for a, b in itertools.pairwise(firsts))


def test_folding_is_undone() -> None:
    volume = torch.arange(4 * 6 * 8, dtype=torch.float32).reshape(1, 1, 4, 6, 8)
    assert torch.equal(unfolded(folded(volume)), volume)


def test_the_network_answers_for_each_voxel() -> None:
    network = AortaNet(filters=8).eval()
    with torch.no_grad():
        answer = network(torch.zeros((1, 1, 16, 32, 32), dtype=torch.uint8))
    assert answer.shape == (1, 1, 16, 32, 32)
    assert float(answer.mean()) < 0.5


def test_a_training_block_has_the_size_that_training_wants() -> None:
    block = blocks_aorta.drawn_block(5)
    assert block.hu.shape == preparing.CROP_ZYX
    made = [next(batches) for batches in [blocks_aorta.batches([block], seed=1, size=2)] for _ in range(6)]
    shapes = {tuple(batch.images.shape) for batch in made}
    assert shapes == {(2, 1, *blocks_aorta.BLOCK_ZYX), (1, 1, *blocks_aorta.LARGE_ZYX)}
    assert {batch.images.dtype for batch in made} == {torch.uint8}
    assert max(float(batch.targets.max()) for batch in made) <= 1.0


def test_settled_normalisation_answers_alike_in_training_and_use() -> None:
    network = AortaNet(filters=8)
    volumes = [torch.randint(0, 255, (1, 1, 16, 32, 32), dtype=torch.uint8) for _ in range(3)]
    network.settle(volumes)
    with torch.no_grad():
        learning = network.train()(volumes[0])
        using = network.eval()(volumes[0])
    assert torch.equal(learning, using)
