"""The layers of Stable Diffusion's networks: residual blocks, attention, transformers.

Parameters have the names of diffusers' files. Tensors are channels-last: 1×1 convolutions are then
matrix products, and attention needs no copies. If a device's group norm returns another layout, as
CUDA's did for long, results are the same and a copy is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import nn
from torch.nn.functional import (
    conv2d,
    gelu,
    interpolate,
    linear,
    scaled_dot_product_attention,
    silu,
)


class Resnet(nn.Module):
    """A residual block of two convolutions. `time_width` is the width of the time embedding.

    The caller computes the projection of the time embedding and passes it as `bias`
    [n, outer, 1, 1].
    """

    def __init__(
        self, inner: int, outer: int, groups: int, eps: float, time_width: int = 0
    ) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, inner, eps)
        self.conv1 = nn.Conv2d(inner, outer, 3, padding=1)
        if time_width:
            self.time_emb_proj = nn.Linear(time_width, outer)
        self.norm2 = nn.GroupNorm(groups, outer, eps)
        self.conv2 = nn.Conv2d(outer, outer, 3, padding=1)
        self.conv_shortcut = nn.Conv2d(inner, outer, 1) if inner != outer else None

    def forward(self, x: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
        hidden: torch.Tensor = self.conv1(silu(self.norm1(x), inplace=True))
        if bias is not None:
            hidden += bias
        hidden = self.conv2(silu(self.norm2(hidden), inplace=True))
        if self.conv_shortcut is not None:
            x = image(pointwise(self.conv_shortcut, tokens(x)), x)
        return hidden.add_(x)


class Attention(nn.Module):
    """Multi-head self-attention, or cross-attention to a text of width `text_width`.

    The caller computes the keys and values of a text, because they are the same at every step.
    """

    def __init__(self, width: int, heads: int, text_width: int = 0, bias: bool = False) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias)
        self.to_k = nn.Linear(text_width or width, width, bias)
        self.to_v = nn.Linear(text_width or width, width, bias)
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def to_itself(self, hidden: torch.Tensor, joined: torch.Tensor) -> torch.Tensor:
        """Self-attention of tokens [n, k, width]; `joined`: weights of query, key and value."""
        return self.attend(*linear(hidden, joined).chunk(3, dim=-1))

    def to_text(self, hidden: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        """Cross-attention of tokens [n, k, width]; `text`: keys and values [n, words, 2·width]."""
        return self.attend(self.to_q(hidden), *text.chunk(2, dim=-1))

    def attend(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """Attention of queries [n, q, width] to keys and values [n, k, width], projected."""
        n, heads = len(query), self.heads
        q, k, v = (t.view(n, t.shape[1], heads, -1).transpose(1, 2) for t in (query, key, value))
        mixed = scaled_dot_product_attention(q, k, v)
        out: torch.Tensor = self.to_out[0](mixed.transpose(1, 2).flatten(2))
        return out


class _Gate(nn.Module):
    """The projection to the values and gates of a GEGLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, 8 * width)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.proj(hidden)
        return out


class _FeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.ModuleList([_Gate(width), nn.Identity(), nn.Linear(4 * width, width)])

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        values, gate = self.net[0](hidden).chunk(2, dim=-1)
        out: torch.Tensor = self.net[2](gelu(gate).mul_(values))
        return out


class _TransformerLayer(nn.Module):
    """Self-attention, cross-attention to the text, and a gated feed-forward part."""

    def __init__(self, width: int, heads: int, text_width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn1 = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.attn2 = Attention(width, heads, text_width)
        self.norm3 = nn.LayerNorm(width)
        self.ff = _FeedForward(width)
        self.joined: torch.Tensor | None = None

    def arrange(self) -> None:
        """Join weights that are used together. Call it when they are on their device."""
        layers = (self.attn1.to_q, self.attn1.to_k, self.attn1.to_v)
        self.joined = join([layer.weight for layer in layers])

    def forward(self, hidden: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        assert self.joined is not None
        hidden = hidden + self.attn1.to_itself(self.norm1(hidden), self.joined)
        hidden += self.attn2.to_text(self.norm2(hidden), text)
        hidden += self.ff(self.norm3(hidden))
        return hidden


class Transformer(nn.Module):
    """Transformer layers on the pixels [n, C, h, w], with a residual connection."""

    def __init__(
        self, width: int, heads: int, text_width: int, groups: int, layers: int, flat: bool
    ) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, width, 1e-6)
        self.proj_in = nn.Linear(width, width) if flat else nn.Conv2d(width, width, 1)
        self.transformer_blocks = nn.ModuleList(
            [_TransformerLayer(width, heads, text_width) for _ in range(layers)]
        )
        self.proj_out = nn.Linear(width, width) if flat else nn.Conv2d(width, width, 1)

    def forward(self, x: torch.Tensor, texts: Iterator[torch.Tensor]) -> torch.Tensor:
        """Takes the keys and values for each layer from `texts`."""
        hidden = pointwise(self.proj_in, tokens(self.norm(x)))
        for layer in self.transformer_blocks:
            hidden = layer(hidden, next(texts))
        return image(pointwise(self.proj_out, hidden), x).add_(x)


class Convolved(nn.Module):
    """The convolution of a downsampling or upsampling step."""

    def __init__(self, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, stride, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.conv(x)
        return out


class Doubled(nn.Module):
    """Nearest-neighbour upsampling by two, and a 3×3 convolution.

    On a CPU, both are computed in one: each of the four new pixels depends on 2×2 old pixels only,
    with sums of the kernel's weights. This needs 16 products instead of 36.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self._folded: tuple[object, torch.Tensor, torch.Tensor | None] | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.device.type != "cpu":
            out: torch.Tensor = self.conv(interpolate(x, scale_factor=2.0))
            return out
        n, _, h, w = x.shape
        # Window (u, v) of the padded picture ends at pixel (u, v): child (a, b) of pixel (i, j)
        # sees window (i + a, j + b).
        windows = conv2d(x, *self._children(), padding=1)
        parts = windows.permute(0, 2, 3, 1).reshape(n, h + 1, w + 1, 2, 2, -1)
        large = x.new_empty(n, 2 * h, 2 * w, parts.shape[-1])
        for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
            large[:, a::2, b::2] = parts[:, a : a + h, b : b + w, a, b]
        return large.permute(0, 3, 1, 2)

    def _children(self) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Returns summed kernels [4·C, C, 2, 2] and biases, cached for the present weights."""
        weight, bias = self.conv.weight, self.conv.bias
        of = (weight.data_ptr(), weight.dtype)
        if self._folded is None or self._folded[0] != of:
            rows = weight.new_tensor([[[1, 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]])
            sums = torch.einsum("apr,bqs,ocrs->abocpq", rows, rows, weight).flatten(0, 2)
            kernels = sums.contiguous(memory_format=torch.channels_last)
            self._folded = of, kernels, None if bias is None else bias.repeat(4)
        return self._folded[1:]


def tokens(x: torch.Tensor) -> torch.Tensor:
    """Returns x [n, C, h, w] as tokens [n, h·w, C], without a copy if x is channels-last."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def image(hidden: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Returns tokens [n, h·w, C] as [n, C, h, w], with the height and width of `like`."""
    return hidden.view(len(like), *like.shape[2:], -1).permute(0, 3, 1, 2)


def pointwise(layer: nn.Linear | nn.Conv2d, hidden: torch.Tensor) -> torch.Tensor:
    """Applies a linear layer or a 1×1 convolution to tokens."""
    return linear(hidden, layer.weight.flatten(1), layer.bias)


def join(parameters: Sequence[torch.Tensor]) -> torch.Tensor:
    """Joins parameters to one tensor. They become views of it."""
    joined = torch.cat([p.data for p in parameters])
    sizes = [len(p) for p in parameters]
    for parameter, view in zip(parameters, torch.split(joined, sizes), strict=True):
        parameter.data = view
    return joined
