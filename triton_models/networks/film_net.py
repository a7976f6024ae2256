"""The chest network: one logit for pneumonia, and the map of local evidence that it is pooled from.

Input uint8 (1,1,y,x), outputs ``logit`` (1,1) and ``heat`` (1,1,y/16,x/16) in 0..1. Exported to ONNX with its scaling
inside.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from triton_models.networks.lite_trunk import DEEP_CHANNELS, MIDDLE_CHANNELS, LiteTrunk

HEAT_STRIDE = 16
# Between the mean (0) and the maximum (large) of the local evidence: a small opacity must be able to carry a film.
_SHARPNESS = 2.0
_WIDTH = 64
# Lungs do not reach the outermost cells, where padding alone would tell the network where it is.
RING = 1
# Most places of any film are clear: local evidence starts low, and the film's logit is lifted by a learnt offset.
_CLEAR, _OFFSET = -3.0, 2.5
_NEVER = -12.0


class FilmNet(nn.Module):
    """EfficientNet-Lite0 features of two depths, read at every place and pooled by log-sum-exp."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = LiteTrunk()
        self.middle = nn.Conv2d(MIDDLE_CHANNELS, _WIDTH, kernel_size=1)
        self.deep = nn.Conv2d(DEEP_CHANNELS, _WIDTH, kernel_size=1)
        self.evidence = nn.Sequential(
            nn.ReLU(), nn.Conv2d(_WIDTH, _WIDTH, kernel_size=3, padding=1), nn.ReLU(), nn.Conv2d(_WIDTH, 1, 1)
        )
        nn.init.constant_(cast(Tensor, self.evidence[-1].bias), _CLEAR)
        self.offset = nn.Parameter(torch.tensor(_OFFSET))

    def local(self, film: Tensor) -> Tensor:
        """Local evidence (n,1,y/16-2,x/16-2): the outermost cells are left out."""
        middle, deep = self.trunk(film.float() / 127.5 - 1.0)
        wide = nn.functional.interpolate(self.deep(deep), scale_factor=2.0, mode="bilinear", align_corners=False)
        evidence: Tensor = self.evidence(self.middle(middle) + wide)
        return within(evidence)

    def pooled(self, local: Tensor) -> Tensor:
        """Log-mean-exp over all places, lifted: (n,1,y,x) to the film's logit (n,1)."""
        flat = local.flatten(2)
        count = float(flat.shape[2])
        mean = (torch.logsumexp(_SHARPNESS * flat, dim=2) - torch.log(torch.tensor(count))) / _SHARPNESS
        return mean + self.offset

    def logits(self, film: Tensor) -> Tensor:
        """The pooled logit (n,1)."""
        return self.pooled(self.local(film))

    def features(self, film: Tensor) -> Tensor:
        """The mean deep features (n,320), for probes that ask what else the network has learnt."""
        deep: Tensor = self.trunk(film.float() / 127.5 - 1.0)[1]
        return deep.mean(dim=(2, 3))

    def forward(self, film: Tensor) -> tuple[Tensor, Tensor]:
        """Logit and heat, the mean of the film and of its mirror image."""
        local, mirrored = self.local(film), self.local(film.flip(3))
        logit = (self.pooled(local) + self.pooled(mirrored)) / 2.0
        both = (local + mirrored.flip(3)) / 2.0
        return logit, torch.sigmoid(nn.functional.pad(both, (RING,) * 4, value=_NEVER))


def within(cells: Tensor) -> Tensor:
    """A map (n,1,y,x) without its outermost cells."""
    return cells[:, :, RING:-RING, RING:-RING]
