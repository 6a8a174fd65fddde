"""The decoder of a VAE."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn
from torch.nn.functional import silu

from engine.models.networks.layers import Attention, Doubled, Resnet, image, tokens

#: What a config of AutoencoderKL leaves out has these values; the block types below are all known.
_OPTIONS: Mapping[str, Any] = {
    "out_channels": 3,
    "up_block_types": ("UpDecoderBlock2D",),
    "block_out_channels": (64,),
    "layers_per_block": 1,
    "act_fn": "silu",
    "latent_channels": 4,
    "norm_num_groups": 32,
    "scaling_factor": 0.18215,
    "shift_factor": None,
    "use_post_quant_conv": True,
    "mid_block_add_attention": True,
}
_EPS = 1e-6
#: The parts of a file that are used here; the rest of it encodes.
PARTS = ("decoder.", "post_quant_conv.")


class _PixelAttention(Attention):
    """Self-attention of all pixels with one head."""

    def __init__(self, width: int, groups: int) -> None:
        super().__init__(width, heads=1, bias=True)
        self.group_norm = nn.GroupNorm(groups, width, _EPS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = tokens(self.group_norm(x))
        mixed = self.attend(self.to_q(hidden), self.to_k(hidden), self.to_v(hidden))
        return image(mixed, x) + x


class _Middle(nn.Module):
    def __init__(self, width: int, groups: int, attends: bool) -> None:
        super().__init__()
        self.resnets = nn.ModuleList([Resnet(width, width, groups, _EPS) for _ in range(2)])
        self.attentions = nn.ModuleList([_PixelAttention(width, groups)] if attends else [])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.resnets[0](x)
        for attention in self.attentions:
            x = attention(x)
        out: torch.Tensor = self.resnets[1](x)
        return out


class _Up(nn.Module):
    """Residual blocks, followed by an upsampling by two unless it is the `last`."""

    def __init__(self, inner: int, outer: int, layers: int, groups: int, last: bool) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(
            [Resnet(outer if k else inner, outer, groups, _EPS) for k in range(layers)]
        )
        self.upsamplers = nn.ModuleList([] if last else [Doubled(outer)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for resnet in self.resnets:
            x = resnet(x)
        for up in self.upsamplers:
            x = up(x)
        return x


class _Decoder(nn.Module):
    def __init__(self, s: SimpleNamespace) -> None:
        super().__init__()
        widths, groups = list(reversed(s.block_out_channels)), s.norm_num_groups
        self.conv_in = nn.Conv2d(s.latent_channels, widths[0], 3, padding=1)
        self.mid_block = _Middle(widths[0], groups, s.mid_block_add_attention)
        pairs = zip([widths[0], *widths], widths, strict=False)
        self.up_blocks = nn.ModuleList(
            [
                _Up(inner, outer, s.layers_per_block + 1, groups, k == len(widths) - 1)
                for k, (inner, outer) in enumerate(pairs)
            ]
        )
        self.conv_norm_out = nn.GroupNorm(groups, widths[-1], _EPS)
        self.conv_out = nn.Conv2d(widths[-1], s.out_channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.mid_block(self.conv_in(x))
        for block in self.up_blocks:
            x = block(x)
        out: torch.Tensor = self.conv_out(silu(self.conv_norm_out(x), inplace=True))
        return out


class VaeDecoder(nn.Module):
    """The decoder of an AutoencoderKL. Raises NotImplementedError for unknown blocks."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.config = s = SimpleNamespace(**{**_OPTIONS, **config})
        if {*s.up_block_types} != {"UpDecoderBlock2D"} or s.act_fn != "silu":
            raise NotImplementedError(f"blocks of {s.up_block_types} with {s.act_fn}")
        latent = s.latent_channels
        self.post_quant_conv = nn.Conv2d(latent, latent, 1) if s.use_post_quant_conv else None
        self.decoder = _Decoder(s)
        #: Pixels per latent pixel, in each direction.
        self.downscale = 2 ** (len(s.block_out_channels) - 1)

    @property
    def dtype(self) -> torch.dtype:
        return self.decoder.conv_in.weight.dtype

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Return pixels [n, 3, H, W] in about −1…1 for scaled latents [n, C, h, w]."""
        s = self.config
        z = latents / s.scaling_factor + (s.shift_factor or 0.0)
        if self.post_quant_conv is not None:
            z = self.post_quant_conv(z)
        pixels: torch.Tensor = self.decoder(z.contiguous(memory_format=torch.channels_last))
        return pixels
