"""The aorta network: for each voxel the share that lies inside the outer wall of the aorta.

Input uint8 (1,1,z,y,x) of 2 mm voxels, output of the same shape, 0..1. It works on 4 mm cells that hold eight voxels as
channels, and answers for each of the eight: wide context at small cost, edges finer than the cells.
Exported to ONNX with its scaling inside.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from monai.networks.nets import SegResNet
from torch import Tensor, nn

_FOLD = 2
_FIRST_LOGIT = -3.0


class AortaNet(nn.Module):
    """A residual encoder and decoder between folding and unfolding the voxels."""

    def __init__(self, filters: int = 16) -> None:
        super().__init__()
        self.inner = SegResNet(
            spatial_dims=3,
            init_filters=filters,
            in_channels=_FOLD**3,
            out_channels=_FOLD**3,
            blocks_down=(1, 2, 2, 2),
            blocks_up=(1, 1, 1),
            norm="BATCH",
            upsample_mode="deconv",
        )
        # Few voxels are aorta: start from that guess instead of learning it first.
        nn.init.constant_(cast(nn.Parameter, self.inner.conv_final[-1].conv.bias), _FIRST_LOGIT)

        self._settled = False

    def train(self, mode: bool = True) -> AortaNet:
        """Switch between training and answering; settled normalisation stays as it will be when answering."""
        super().train(mode)
        for part in self.norms() if self._settled else ():
            part.eval()
        return self

    def norms(self) -> list[nn.BatchNorm3d]:
        """The normalising layers."""
        return [part for part in self.modules() if isinstance(part, nn.BatchNorm3d)]

    def settle(self, volumes: Iterable[Tensor]) -> None:
        """Set the normalisation to the plain mean over ``volumes`` and keep it from now on.

        Batches of one or two blocks say little of a whole trunk: what was learnt with their own means fails on it.
        """
        for part in self.norms():
            part.reset_running_stats()
            part.momentum = None
        super().train(True)
        with torch.no_grad():
            for volume in volumes:
                self.logits(volume)
        self._settled = True
        self.train(True)

    def logits(self, volume: Tensor) -> Tensor:
        """Log-odds per voxel; sizes must be multiples of 16."""
        cells = folded(volume.float() / 255.0)
        return unfolded(cast(Tensor, self.inner(cells)))

    def forward(self, volume: Tensor) -> Tensor:
        """Share per voxel."""
        return torch.sigmoid(self.logits(volume))


def folded(volume: Tensor) -> Tensor:
    """(n,1,z,y,x) to (n,8,z/2,y/2,x/2)."""
    n, _, z, y, x = volume.shape
    split = volume.reshape(n, z // _FOLD, _FOLD, y // _FOLD, _FOLD, x // _FOLD, _FOLD)
    return split.permute(0, 2, 4, 6, 1, 3, 5).reshape(n, _FOLD**3, z // _FOLD, y // _FOLD, x // _FOLD)


def unfolded(cells: Tensor) -> Tensor:
    """Undo ``folded``."""
    n, _, z, y, x = cells.shape
    split = cells.reshape(n, _FOLD, _FOLD, _FOLD, z, y, x)
    return split.permute(0, 4, 1, 5, 2, 6, 3).reshape(n, 1, z * _FOLD, y * _FOLD, x * _FOLD)
