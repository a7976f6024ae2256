"""Levels the LVO network: moves the logits of each segment so that its mean chance is the share that is truly blocked.

Training shows hard segments more often than they occur, and an unlevelled network then suspects them too readily.
Called by ``training.stroke`` after the fit, on the validation part; changes four numbers of the last layer only.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from triton_models.networks.occlusion_net import OcclusionNet
from triton_models.postprocessing.stroke import MIDLINE, SEGMENTS
from triton_models.training.store_stroke import Heads

_WIDEST = 12.0
_HALVINGS = 40
_SIDES = (0, 1)


def level(network: OcclusionNet, found: Heads) -> NDArray[np.float64]:
    """Shift the network's last layer in place.

    Returns:
        The shift of each segment's logit.
    """
    verdicts = _verdicts(network, found)
    shifts = np.array([_shift(*_asked(verdicts, found, channel)) for channel in range(len(SEGMENTS))])
    last = cast(nn.Linear, network.verdict[-1])
    with torch.no_grad():
        last.bias.add_(torch.from_numpy(shifts).to(last.bias.dtype))
    return shifts


def _verdicts(network: OcclusionNet, found: Heads) -> NDArray[np.float64]:
    """Logits of each head: (n, side, segment)."""
    network.eval()
    with torch.no_grad():
        return np.stack([network(torch.from_numpy(slabs[None]))[1].numpy() for slabs in found.slabs]).astype(np.float64)


def _asked(verdicts: NDArray[np.float64], found: Heads, channel: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Logits and truth of one segment: of both sides, or of the middle."""
    blocked = found.segment == channel
    if SEGMENTS[channel] in MIDLINE:
        return verdicts[:, :, channel].mean(axis=1), blocked
    truth = np.concatenate([blocked & (found.lateral == side) for side in _SIDES])
    return np.concatenate([verdicts[:, side, channel] for side in _SIDES]), truth


def _shift(logits: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """The shift with which the mean chance is the share of truth; 0 where the segment is always or never blocked."""
    if truth.all() or not truth.any():
        return 0.0
    low, high = -_WIDEST, _WIDEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if float((1.0 / (1.0 + np.exp(-(logits + middle)))).mean()) > float(truth.mean()):
            high = middle
        else:
            low = middle
    return (low + high) / 2
