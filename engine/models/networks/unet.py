"""The UNet of Stable Diffusion 1 and 2, for many frames and many steps.

The frames of a walk have the same timesteps and few different texts. The time biases of all
residual blocks and the keys and values of all cross-attentions depend on these only. They are
computed once and passed to the network as states. Weights that are used together are joined to one
tensor, and the layers hold views of it, so that no weight is stored twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from types import SimpleNamespace

import torch
from torch import nn
from torch.nn.functional import interpolate, linear, silu

from engine.models.networks.layers import Convolved, Resnet, Transformer, join
from engine.models.networks.unet_config import OPTIONS, Config

#: Slices of a state, one for each block that wants one, in the order in which they run.
Slices = Iterator[torch.Tensor]


class _Block(nn.Module):
    """Residual blocks of one width, each followed by a transformer if `heads` is not 0."""

    def __init__(self, s: SimpleNamespace, inner: Sequence[int], outer: int, heads: int) -> None:
        super().__init__()
        groups, embedding = s.norm_num_groups, 4 * s.block_out_channels[0]
        self.resnets = nn.ModuleList(
            [Resnet(width, outer, groups, s.norm_eps, embedding) for width in inner]
        )
        layers, text, flat = (
            s.transformer_layers_per_block,
            s.cross_attention_dim,
            s.use_linear_projection,
        )
        self.attentions = nn.ModuleList(
            [Transformer(outer, heads, text, groups, layers, flat) for _ in inner if heads]
        )

    def turn(self, k: int, x: torch.Tensor, biases: Slices, texts: Slices) -> torch.Tensor:
        """Apply residual block k and its transformer."""
        x = self.resnets[k](x, next(biases))
        return self.attentions[k](x, texts) if k < len(self.attentions) else x


class _Down(_Block):
    """Appends its outputs to `skips`, and downsamples by two."""

    def __init__(self, s: SimpleNamespace, inner: int, outer: int, heads: int, last: bool) -> None:
        super().__init__(s, (inner, *(outer,) * (s.layers_per_block - 1)), outer, heads)
        self.downsamplers = nn.ModuleList([] if last else [Convolved(outer, stride=2)])

    def forward(
        self, x: torch.Tensor, biases: Slices, texts: Slices, skips: list[torch.Tensor]
    ) -> torch.Tensor:
        for k in range(len(self.resnets)):
            x = self.turn(k, x, biases, texts)
            skips.append(x)
        for down in self.downsamplers:
            x = down(x)
            skips.append(x)
        return x


class _Middle(_Block):
    """Two residual blocks with a transformer between them."""

    def __init__(self, s: SimpleNamespace, width: int, heads: int) -> None:
        super().__init__(s, (width, width), width, heads)
        del self.attentions[1]

    def forward(self, x: torch.Tensor, biases: Slices, texts: Slices) -> torch.Tensor:
        return self.turn(1, self.turn(0, x, biases, texts), biases, texts)


class _Up(_Block):
    """Concatenates tensors from `skips`, and upsamples by two."""

    def __init__(
        self, s: SimpleNamespace, inner: Sequence[int], outer: int, heads: int, last: bool
    ) -> None:
        super().__init__(s, inner, outer, heads)
        self.upsamplers = nn.ModuleList([] if last else [Convolved(outer)])

    def forward(
        self, x: torch.Tensor, biases: Slices, texts: Slices, skips: list[torch.Tensor]
    ) -> torch.Tensor:
        for k in range(len(self.resnets)):
            x = self.turn(k, torch.cat((x, skips.pop()), 1), biases, texts)
        for up in self.upsamplers:
            # Pictures of odd sides were rounded up on their way down.
            x = up(interpolate(x, size=skips[-1].shape[2:]))
        return x


class _TimeEmbedding(nn.Module):
    """The embedding of the timestep's sinusoids, plus a condition of width `conditioned` if any."""

    def __init__(self, width: int, conditioned: int | None) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(width, 4 * width)
        self.linear_2 = nn.Linear(4 * width, 4 * width)
        if conditioned is not None:
            self.cond_proj = nn.Linear(conditioned, width, bias=False)

    def forward(self, waves: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        if condition is not None:
            waves = waves + self.cond_proj(condition)
        out: torch.Tensor = self.linear_2(silu(self.linear_1(waves)))
        return out


class Unet(nn.Module):
    """The UNet of a config for which `is_plain` is True. Call `arrange` before the first use."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = s = SimpleNamespace(**{**OPTIONS, **config})
        first, last = s.block_out_channels[0], len(s.block_out_channels) - 1
        heads = _each(s.num_attention_heads or s.attention_head_dim, last + 1)
        self.conv_in = nn.Conv2d(s.in_channels, first, 3, padding=1)
        self.time_embedding = _TimeEmbedding(first, s.time_cond_proj_dim)
        self.down_blocks, self.up_blocks = nn.ModuleList(), nn.ModuleList()
        width, skips = first, [first]
        for level, outer in enumerate(s.block_out_channels):
            attends = heads[level] if "Attn" in s.down_block_types[level] else 0
            self.down_blocks.append(_Down(s, width, outer, attends, level == last))
            skips += [outer] * (s.layers_per_block + (level < last))
            width = outer
        self.mid_block = _Middle(s, width, heads[-1])
        for level, outer in reversed([*enumerate(s.block_out_channels)]):
            attends = heads[level] if "Attn" in s.up_block_types[last - level] else 0
            inner = [before + skips.pop() for before in (width, *(outer,) * s.layers_per_block)]
            self.up_blocks.append(_Up(s, inner, outer, attends, level == 0))
            width = outer
        self.conv_norm_out = nn.GroupNorm(s.norm_num_groups, first, s.norm_eps)
        self.conv_out = nn.Conv2d(first, s.out_channels, 3, padding=1)

    def arrange(self, condition: torch.Tensor | None = None) -> None:
        """Join weights that are used together. Call it when they are on their device."""
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._condition = condition
        blocks = [*self.down_blocks, self.mid_block, *self.up_blocks]
        times = [resnet.time_emb_proj for block in blocks for resnet in block.resnets]
        transformers = [t for block in blocks for t in block.attentions]
        layers = [layer for t in transformers for layer in t.transformer_blocks]
        texts = [part.weight for x in layers for part in (x.attn2.to_k, x.attn2.to_v)]
        self._time_weight = join([layer.weight for layer in times])
        self._time_bias = join([layer.bias for layer in times])
        self._text_weight = join(texts)
        self._time_widths = [layer.out_features for layer in times]
        self._text_widths = [2 * x.attn2.to_k.out_features for x in layers]
        for layer in layers:
            layer.arrange()

    def time_state(self, timesteps: torch.Tensor) -> torch.Tensor:
        """Return the time biases of all residual blocks [n, biases] for timesteps [n]."""
        waves = self._waves(timesteps).to(self._time_weight.dtype)
        condition = self._condition
        embedding = self.time_embedding(
            waves, None if condition is None else condition.expand(len(waves), -1)
        )
        return linear(silu(embedding), self._time_weight, self._time_bias)

    def text_state(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Return keys and values of all cross-attentions: [n, tokens, widths]."""
        return linear(embeddings, self._text_weight)

    def forward(
        self, sample: torch.Tensor, times: torch.Tensor, texts: torch.Tensor
    ) -> torch.Tensor:
        """Return the output [n, C, h, w] for a sample [n, C, h, w] and the states of its rows."""
        biases = iter(torch.split(times[:, :, None, None], self._time_widths, dim=1))
        contexts = iter(torch.split(texts, self._text_widths, dim=-1))
        x = self.conv_in(sample.contiguous(memory_format=torch.channels_last))
        skips = [x]
        for block in self.down_blocks:
            x = block(x, biases, contexts, skips)
        x = self.mid_block(x, biases, contexts)
        for block in self.up_blocks:
            x = block(x, biases, contexts, skips)
        out: torch.Tensor = self.conv_out(silu(self.conv_norm_out(x), inplace=True))
        return out

    def _waves(self, timesteps: torch.Tensor) -> torch.Tensor:
        """Return sines and cosines [n, width] of timesteps [n]. Vaswani et al. 2017."""
        s = self.config
        half = s.block_out_channels[0] // 2
        exponents = -math.log(10000.0) * torch.arange(half, device=timesteps.device)
        angles = timesteps[:, None].float() * torch.exp(exponents / (half - s.freq_shift))
        pair = (angles.cos(), angles.sin()) if s.flip_sin_to_cos else (angles.sin(), angles.cos())
        return torch.cat(pair, dim=-1)


def _each(value: int | Sequence[int], count: int) -> Sequence[int]:
    """Returns one number for each block. The config may have one for all."""
    return [value] * count if isinstance(value, int) else value
