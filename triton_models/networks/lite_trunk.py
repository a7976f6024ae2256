"""The feature trunk of EfficientNet-Lite0: fast on a CPU, no squeeze, no swish, quantisable.

Written from the published layout (Tan and Le, ICML 2019; the Lite variant of the same authors, 2020). Called by
``film_net``. The names of the parameters are ours; ``load_pretrained`` maps the Apache-2.0 ImageNet weights onto them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

_EPSILON = 1e-3
_STEM = 32


class Stage(NamedTuple):
    """One stage: blocks, kernel, stride of the first block, expansion, channels out."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
MIDDLE_STAGE, MIDDLE_CHANNELS = 4, 112
DEEP_CHANNELS = 320


class Convolution(nn.Sequential):
    """Convolution, batch norm and, unless ``linear``, a ReLU6.

    Stride 2 pads below and to the right alone, as the published weights expect.
    """

    def __init__(self, inside: int, out: int, kernel: int, *, stride: int = 1, groups: int = 1, linear: bool = False):
        spare = kernel - stride
        pads = nn.ZeroPad2d((spare // 2, spare - spare // 2) * 2)
        layers = [
            pads if kernel > 1 else nn.Identity(),
            nn.Conv2d(inside, out, kernel, stride, groups=groups, bias=False),
            nn.BatchNorm2d(out, eps=_EPSILON),
            nn.Identity() if linear else nn.ReLU6(),
        ]
        super().__init__(*layers)


class Block(nn.Module):
    """Inverted residual: widen, filter each channel, project."""

    def __init__(self, inside: int, stage: Stage, *, stride: int) -> None:
        super().__init__()
        wide = inside * stage.expansion
        self.expand = Convolution(inside, wide, 1) if stage.expansion > 1 else nn.Identity()
        self.depthwise = Convolution(wide, wide, stage.kernel, stride=stride, groups=wide)
        self.project = Convolution(wide, stage.channels, 1, linear=True)
        self.skips = stride == 1 and inside == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        out: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + out if self.skips else out


class LiteTrunk(nn.Module):
    """Gives the features at one sixteenth and at one thirty-second of the film's size.

    Batch norms keep their statistics in training: batches are small, and mix children with adults on purpose.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(1, _STEM, 3, stride=2)
        stages, inside = [], _STEM
        for stage in STAGES:
            blocks = []
            for number in range(stage.blocks):
                blocks.append(Block(inside, stage, stride=stage.stride if number == 0 else 1))
                inside = stage.channels
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Features (n,112,y/16,x/16) and (n,320,y/32,x/32) of an image (n,1,y,x) in -1..1."""
        x = self.stem(image)
        middle = x
        for number, stage in enumerate(self.stages):
            x = stage(x)
            if number == MIDDLE_STAGE:
                middle = x
        return middle, x

    def train(self, mode: bool = True) -> LiteTrunk:
        """Switch the mode of everything but the batch norms."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def freeze(self, stages: int) -> None:
        """Keep the stem and the first ``stages`` as they are: edges are edges in any picture."""
        for part in (self.stem, *list(self.stages)[:stages]):
            part.requires_grad_(False)

    def load_pretrained(self, published: Mapping[str, Tensor]) -> None:
        """Take the published ImageNet weights; grey films need the sum of the three colours' first filters."""
        own = self.state_dict()
        for ours, theirs in _names():
            value = published[theirs]
            own[ours] = value.sum(1, keepdim=True) if theirs == "_conv_stem.weight" else value
        self.load_state_dict(own)


def _names() -> list[tuple[str, str]]:
    pairs = [("stem.1.weight", "_conv_stem.weight"), *_norm("stem.2", "_bn0")]
    number = 0
    for stage_number, stage in enumerate(STAGES):
        for block in range(stage.blocks):
            ours, theirs = f"stages.{stage_number}.{block}", f"_blocks.{number}"
            parts = [("depthwise", "_depthwise_conv", "_bn1"), ("project", "_project_conv", "_bn2")]
            if stage.expansion > 1:
                parts.append(("expand", "_expand_conv", "_bn0"))
            for part, convolution, norm in parts:
                pairs.append((f"{ours}.{part}.1.weight", f"{theirs}.{convolution}.weight"))
                pairs += _norm(f"{ours}.{part}.2", f"{theirs}.{norm}")
            number += 1
    return pairs


def _norm(ours: str, theirs: str) -> list[tuple[str, str]]:
    return [(f"{ours}.{name}", f"{theirs}.{name}") for name in ("weight", "bias", "running_mean", "running_var")]


@torch.no_grad()
def recalibrate(trunk: nn.Module, images: Tensor) -> None:
    """Measure the statistics of the batch norms afresh on ``images``: films are not photographs."""
    norms = [module for module in trunk.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.training = True
    for chunk in torch.split(images, 32):
        trunk(chunk)
    for norm in norms:
        norm.training = False
