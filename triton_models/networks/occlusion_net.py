"""The LVO network: compares the head with its own mirror image and points at where contrast stops.

Input uint8 (1,1,z,y,x) centred on the midline, output heat (1,segment,z/4,y/4,x/4) in 0..1. Exported to ONNX with its
scaling inside, so that a client sends the bytes of ``preprocessing.stroke`` and nothing else.
"""

from __future__ import annotations

from typing import cast

import torch
from monai.networks.blocks import Convolution
from monai.networks.nets import DynUNet
from torch import Tensor, nn

_CELL = 2
_COORDINATES = 3
_PLANES = 2


class OcclusionNet(nn.Module):
    """Image and mirror image folded into cells, one strided convolution, position, and a small 3D U-Net."""

    def __init__(self, segments: int, filters: tuple[int, int, int] = (32, 48, 64)) -> None:
        super().__init__()
        self.stem = Convolution(
            spatial_dims=3,
            in_channels=_PLANES * _CELL**3,
            out_channels=filters[0] - _COORDINATES,
            strides=2,
            kernel_size=3,
            norm="BATCH",
        )
        self.unet = DynUNet(
            spatial_dims=3,
            in_channels=filters[0],
            out_channels=segments,
            kernel_size=[3] * len(filters),
            strides=[1] + [2] * (len(filters) - 1),
            upsample_kernel_size=[2] * (len(filters) - 1),
            filters=filters,
            norm_name="batch",
        )

    def logits(self, volume: Tensor) -> Tensor:
        """Heat before the sigmoid."""
        image = volume.float() / 255.0
        both = torch.cat([image, torch.flip(image, dims=[4])], dim=1)
        stem = self.stem(_fold(both))
        return cast(Tensor, self.unet(torch.cat([stem, _position(stem)], dim=1)))

    def forward(self, volume: Tensor) -> Tensor:
        """Heat in 0..1."""
        return torch.sigmoid(self.logits(volume))


def _fold(image: Tensor) -> Tensor:
    """Move each 2×2×2 cell of voxels into channels: nothing is averaged away, and all later work is small."""
    n, c, z, y, x = image.shape
    cells = image.reshape(n, c, z // _CELL, _CELL, y // _CELL, _CELL, x // _CELL, _CELL)
    return cells.permute(0, 1, 3, 5, 7, 2, 4, 6).reshape(n, c * _CELL**3, z // _CELL, y // _CELL, x // _CELL)


def _position(features: Tensor) -> Tensor:
    """Coordinates in -1..1: the block is anatomically placed, so position carries meaning; x is unsigned."""
    axes = [torch.linspace(-1.0, 1.0, n, device=features.device) for n in features.shape[2:]]
    z, y, x = torch.meshgrid(*axes, indexing="ij")
    grid = torch.stack([z, y, x.abs()])[None]
    return grid.expand(features.shape[0], -1, -1, -1, -1)
