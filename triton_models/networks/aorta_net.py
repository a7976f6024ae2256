"""The aorta network: for each voxel the chance that it lies inside the outer wall of the aorta.

Input uint8 (1,1,z,y,x), output probability of the same shape. Exported to ONNX with its scaling inside.
"""

from __future__ import annotations

from typing import cast

import torch
from monai.networks.nets import UNet
from torch import Tensor, nn


class AortaNet(nn.Module):
    """A small 3D U-Net."""

    def __init__(self, channels: tuple[int, ...] = (8, 16, 32, 64)) -> None:
        super().__init__()
        self.unet = UNet(
            spatial_dims=3,
            in_channels=1,
            out_channels=1,
            channels=channels,
            strides=(2,) * (len(channels) - 1),
            num_res_units=1,
            norm="BATCH",
        )

    def logits(self, volume: Tensor) -> Tensor:
        """Log-odds per voxel."""
        return cast(Tensor, self.unet(volume.float() / 255.0))

    def forward(self, volume: Tensor) -> Tensor:
        """Probability per voxel."""
        return torch.sigmoid(self.logits(volume))
