"""Training sees each half of a head with the right label in the right place."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from triton_models.networks.occlusion_net import OcclusionNet
from triton_models.postprocessing.stroke import HEAT_STRIDE, SEGMENTS
from triton_models.training.fit import FitSettings, fit, make_repeatable
from triton_models.training.halves_stroke import OVER_MM, batches, heat_target
from triton_models.training.store_stroke import NOBODY, Heads
from triton_models.training.stroke import half_loss

pytestmark = pytest.mark.train
M1 = SEGMENTS.index("M1")


def toy_heads(count: int, seed: int) -> Heads:
    """A bright bar on each side of the midline; on a blocked side its outer part is missing."""
    rng = np.random.default_rng(seed)
    slabs = rng.integers(0, 30, (count, 2, 24, 128, 128), np.uint8)
    slabs[:, 0, 11:13, 60:64, 28:100] = 200
    lateral = np.where(np.arange(count) % 2 == 1, rng.integers(0, 2, count), NOBODY)
    site = np.tile(np.array([60.0, 62.0, 80.0], np.float32), (count, 1))
    for i, side in enumerate(lateral):
        if side != NOBODY:
            slabs[i, 0, 11:13, 60:64, slice(80, 100) if side == 0 else slice(28, 48)] = 10
            site[i, 2] = 80 if side == 0 else 47
    return Heads(slabs, np.where(lateral == NOBODY, NOBODY, M1), lateral, site)


def test_the_target_is_hot_where_contrast_stops() -> None:
    heat = heat_target(M1, np.array([64.0, 62.0, 24.0]), (24, 128, 72))
    z, y, x = (int(i) for i in np.unravel_index(int(heat[M1].argmax()), heat.shape[1:]))
    assert (z, y, x) == tuple(int(at // stride) for at, stride in zip((64, 62, 24), HEAT_STRIDE, strict=True))
    assert not heat_target(NOBODY, np.zeros(3), (24, 128, 72)).any()


def test_a_blocked_half_is_dark_where_the_target_says() -> None:
    drawn = next(batches(toy_heads(20, 1), 32, seed=2))
    hot = drawn.targets.flatten(1).amax(dim=1) > 0.6
    assert 8 <= int(hot.sum()) <= 24
    outer = drawn.images[:, 0, 6:18, :, OVER_MM + 22 : OVER_MM + 32].float().amax(dim=(1, 2, 3))
    assert float(outer[hot].mean()) < float(outer[~hot].mean())


def test_the_network_judges_left_as_it_judges_right_in_the_mirror() -> None:
    network = OcclusionNet(len(SEGMENTS)).eval()
    slabs = torch.from_numpy(toy_heads(2, 3).slabs[1:2])
    with torch.no_grad():
        heat, verdict = network(slabs)
        mirrored_heat, mirrored = network(torch.flip(slabs, dims=[4]))
    assert torch.allclose(verdict.flip(0), mirrored, atol=1e-4)
    assert torch.allclose(heat.flip(4), mirrored_heat, atol=1e-4)


def test_a_short_run_learns_a_missing_artery() -> None:
    settings = FitSettings(seed=1, cases=40, validation_cases=0, test_cases=0, steps=25, batch=8, learning_rate=3e-3)
    make_repeatable(settings.seed)
    network = OcclusionNet(len(SEGMENTS), width=(8, 12, 16))
    fit(network, batches(toy_heads(40, 4), settings.batch, seed=1), half_loss, settings)
    unseen = toy_heads(20, 5)
    with torch.no_grad():
        _, verdict = network.judge(network.halves(torch.from_numpy(unseen.slabs)))
    score = verdict.reshape(2, len(unseen.slabs), -1).amax(dim=(0, 2)).numpy()
    blocked = unseen.segment != NOBODY
    assert float((score[blocked][:, None] > score[~blocked][None]).mean()) > 0.75
