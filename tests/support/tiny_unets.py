"""UNets of tiny size, and what goes into them."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import UNet2DConditionModel

from engine.models.networks.build import build_unet
from engine.models.networks.unet import Unet


def make_unet(**options: Any) -> UNet2DConditionModel:
    """A tiny UNet of diffusers with weights that are always the same."""
    base: dict[str, Any] = {
        "sample_size": 8,
        "block_out_channels": (16, 32),
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": 24,
        "attention_head_dim": 2,
        "norm_num_groups": 8,
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        unet = UNet2DConditionModel(**base | options)
        for parameter in unet.parameters():  # also those that start at 0 or 1
            parameter.data += 0.05 * torch.randn_like(parameter)
    return unet.eval().requires_grad_(False)


def make_our_unet(theirs: UNet2DConditionModel) -> Unet:
    """The same weights in our own network, not arranged yet."""
    unet = build_unet(theirs.config, {n: t.clone() for n, t in theirs.state_dict().items()})
    assert isinstance(unet, Unet)
    return unet


def make_inputs(rows: int = 3, side: tuple[int, int] = (8, 8)) -> tuple[torch.Tensor, ...]:
    """A sample [rows, 4, h, w], timesteps [rows] and texts [rows, 7, 24], always the same."""
    generator = torch.Generator().manual_seed(1)
    sample = torch.randn(rows, 4, *side, generator=generator)
    texts = torch.randn(rows, 7, 24, generator=generator)
    return sample, torch.tensor([999.0, 500.5, 3.0])[:rows], texts
