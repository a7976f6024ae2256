"""The tiny run of the aorta's recipe tells the aorta's voxels from others in a trunk it never saw."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from triton_models.preprocessing.aorta import CROP_ZYX
from triton_models.training import aorta
from triton_models.training.blocks_aorta import drawn_block, imaged
from triton_models.training.cases_aorta import first_seed
from triton_models.training.metrics import auroc
from triton_models.training.parts import Part


@pytest.mark.train
def test_a_short_run_beats_chance_on_an_unseen_trunk() -> None:
    network = aorta.train(aorta.SMOKE, None).eval()
    block = drawn_block(first_seed(Part.TEST, 1))
    image, share = imaged(block, CROP_ZYX, np.random.default_rng(5))
    with torch.no_grad():
        answer = network(torch.from_numpy(image[None, None])).numpy()[0, 0]
    thin = (slice(None, None, 4),) * 3
    inside = share[thin].ravel() > 0.5
    assert auroc(answer[thin].ravel().astype(np.float64), inside) > 0.8
