"""The chest network: one logit for pneumonia, and the map of local evidence that it is pooled from.

Input uint8 (1,1,y,x), outputs ``logit`` (1,1) and ``heat`` (1,1,y/16,x/16) in 0..1. Exported to ONNX with its scaling
inside.
"""

from __future__ import annotations

import torch
from monai.networks.nets import DenseNet
from torch import Tensor, nn

# Between the mean (0) and the maximum (large) of the local evidence: a small opacity must be able to carry a film.
_SHARPNESS = 4.0


class FilmNet(nn.Module):
    """A small DenseNet whose last features are read at every place and pooled by log-sum-exp."""

    def __init__(self, *, growth: int = 12, blocks: tuple[int, int, int] = (4, 6, 8)) -> None:
        super().__init__()
        dense = DenseNet(
            spatial_dims=2, in_channels=1, out_channels=1, init_features=24, growth_rate=growth, block_config=blocks
        )
        self.features = dense.features
        width = dense.class_layers.out.in_features
        self.evidence = nn.Conv2d(width, 1, kernel_size=1)

    def local(self, film: Tensor) -> Tensor:
        """Local evidence (n,1,y/16,x/16) before pooling."""
        image = film.float() / 127.5 - 1.0
        evidence: Tensor = self.evidence(torch.relu(self.features(image)))
        return evidence

    def logits(self, film: Tensor) -> Tensor:
        """The pooled logit (n,1)."""
        return self._pool(self.local(film))

    def forward(self, film: Tensor) -> tuple[Tensor, Tensor]:
        """Logit and heat."""
        local = self.local(film)
        return self._pool(local), torch.sigmoid(local)

    def _pool(self, local: Tensor) -> Tensor:
        flat = local.flatten(2)
        count = float(flat.shape[2])
        return (torch.logsumexp(_SHARPNESS * flat, dim=2) - torch.log(torch.tensor(count))) / _SHARPNESS
