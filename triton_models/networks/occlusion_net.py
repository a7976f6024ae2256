"""The LVO network: reads each half of the head beside the mirrored other half, and says what is blocked on its side.

Input uint8 (1,2,z,y,x) with the midline between the two middle columns. Both halves pass the same weights, so what it
says of left is what it would say of right in the mirror. Exported to ONNX with scaling and mirroring inside: a client
sends the bytes of ``preprocessing.stroke`` and nothing else.
"""

from __future__ import annotations

from typing import cast

import torch
from monai.networks.blocks import Convolution
from torch import Tensor, nn

# Most of the network sees the brightest of each 2 by 2 mm: thin arteries stay, and it is four times smaller.
PIXEL_MM = 2
# What a gap in a branch looks like is learnt at 1 mm by a thin layer beside it.
_DETAIL = 12
# Each half reaches this many columns over the midline, so that midline arteries are seen whole.
_OVER_MM = 8
_STRIDE = 4
_SLABS_PER_LEVEL = 2
_CHANNELS = 2
_TOP = 4
_COORDINATES = 3
# The head is judged as it is and moved by so many slabs; the first is the one whose heat is shown.
_RAISED = (0, 1, -1)
# Most places are open: the heat map starts out cold.
_COLD = -4.0


class OcclusionNet(nn.Module):
    """A small 3D U-Net over one half and its mirror, with a heat map and one logit per segment and side."""

    def __init__(self, segments: int, width: tuple[int, int, int] = (24, 48, 64)) -> None:
        super().__init__()
        fine, middle, coarse = width
        own = 2 * _CHANNELS * _SLABS_PER_LEVEL
        self.detail = _conv(own, _DETAIL, (1, 3, 3), PIXEL_MM)
        self.stem = nn.Sequential(_conv(own + _DETAIL, fine, (1, 3, 3), 2), _conv(fine, fine, (1, 3, 3)))
        self.fine = _conv(fine + _COORDINATES, fine, (3, 1, 1))
        self.down = nn.Sequential(_conv(fine, middle, (3, 3, 3), (2, 2, 2)), _conv(middle, middle, (3, 3, 3)))
        self.deep = nn.Sequential(
            _conv(middle, coarse, (3, 3, 3), (2, 2, 2)), nn.Dropout3d(0.1), _conv(coarse, coarse, (3, 3, 3))
        )
        self.join_middle = _conv(middle + coarse, middle, (1, 1, 1))
        self.join_fine = _conv(fine + middle, fine, (1, 1, 1))
        self.heat = nn.Conv3d(fine, segments, 1)
        nn.init.constant_(cast(Tensor, self.heat.bias), _COLD)
        self.verdict = nn.Sequential(
            nn.Linear(2 * coarse + middle + 2 * segments, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, segments)
        )

    def halves(self, slabs: Tensor) -> Tensor:
        """Both sides as (2n,4,z,y,x/2+over): lefts first, each beside the mirrored other; the midline comes first."""
        image = slabs.float() / 255.0
        mirrored = torch.flip(image, dims=[4])
        from_x = slabs.shape[4] // 2 - _OVER_MM
        left = torch.cat([image, mirrored], dim=1)[..., from_x:]
        right = torch.cat([mirrored, image], dim=1)[..., from_x:]
        return torch.cat([left, right], dim=0)

    def judge(self, halves: Tensor) -> tuple[Tensor, Tensor]:
        """Heat logits (n,segment,z,y,x) and verdict logits (n,segment) of prepared halves."""
        n, c, z, y, x = halves.shape
        levels = halves.reshape(n, c, z // _SLABS_PER_LEVEL, _SLABS_PER_LEVEL, y, x).transpose(2, 3)
        flat = levels.reshape(n, c * _SLABS_PER_LEVEL, z // _SLABS_PER_LEVEL, y, x)
        pooled = nn.functional.max_pool3d(flat, (1, PIXEL_MM, PIXEL_MM))
        stem = self.stem(torch.cat([pooled, self.detail(flat)], dim=1))
        fine = self.fine(torch.cat([stem, _position(stem)], dim=1)) + stem
        middle = self.down(fine)
        deep = self.deep(middle)
        up = self.join_middle(torch.cat([middle, _like(deep, middle)], dim=1))
        out = self.join_fine(torch.cat([fine, _like(up, fine)], dim=1))
        heat = self.heat(out)
        hottest = torch.topk(heat.flatten(2), _TOP, dim=2).values
        seen = torch.cat([deep.flatten(2).mean(2), deep.flatten(2).amax(2), up.flatten(2).mean(2), hottest[..., 0],
                          hottest.mean(2)], dim=1)  # fmt: skip
        return heat, cast(Tensor, self.verdict(seen))

    def forward(self, slabs: Tensor) -> tuple[Tensor, Tensor]:
        """Heat in 0..1 over the whole head (1,segment,z,y,x), and logits (2,segment): left, right.

        The verdict is the mean over the head as it is and a slab higher and lower: two slabs make one level of the
        network, and a clot must not matter more for lying within one.
        """
        image = slabs.float()
        heat, verdict = self.judge(self.halves(torch.cat([_raised(image, by) for by in _RAISED])))
        over, ways = _OVER_MM // _STRIDE, len(_RAISED)
        left, right = torch.sigmoid(heat[:1, ..., over:]), torch.sigmoid(heat[ways : ways + 1, ..., over:])
        return torch.cat([torch.flip(right, dims=[4]), left], dim=4), verdict.reshape(2, ways, -1).mean(dim=1)


def _conv(
    inside: int, outside: int, kernel: tuple[int, int, int], stride: int | tuple[int, int, int] = 1
) -> Convolution:
    """Convolution, batch normalisation, ReLU; a plain stride number leaves z alone."""
    strides = (1, stride, stride) if isinstance(stride, int) else stride
    padding = tuple((k - 1) // 2 for k in kernel)
    return Convolution(
        spatial_dims=3, in_channels=inside, out_channels=outside, kernel_size=kernel, strides=strides,
        padding=padding, adn_ordering="NA", act="RELU", norm="BATCH",
    )  # fmt: skip


def _raised(image: Tensor, by: int) -> Tensor:
    """Move up by whole slabs; what comes in is empty."""
    room = max(abs(n) for n in _RAISED)
    padded = nn.functional.pad(image, (0, 0, 0, 0, room, room))
    return padded[:, :, room - by : room - by + image.shape[2]]


def _like(small: Tensor, large: Tensor) -> Tensor:
    """Enlarge to the size of ``large``."""
    return nn.functional.interpolate(small, size=large.shape[2:], mode="nearest")


def _position(features: Tensor) -> Tensor:
    """Coordinates in -1..1: the block is anatomically placed, so position carries meaning."""
    axes = [torch.linspace(-1.0, 1.0, n, device=features.device) for n in features.shape[2:]]
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij"))[None]
    return grid.expand(features.shape[0], -1, -1, -1, -1)
