"""A lean run of a UNet: the same weights and formulas, arranged for many frames and many steps.

Over a walk the same few timesteps and texts come again and again, so what depends on them alone —
the time biases of every residual block, the keys and values of every cross-attention — is computed
once. Inside, tensors lie channels-last, where 1×1 convolutions are plain matrix products and the
way into and out of the attention copies nothing. Weights that are used together are laid out
together; the network's own layers keep views of them, so that no weight is stored twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import torch
from torch.nn.functional import (
    gelu,
    group_norm,
    interpolate,
    layer_norm,
    linear,
    scaled_dot_product_attention,
    silu,
)

#: Everything that a UNet of the Stable Diffusion 1 and 2 families is made of.
_KNOWN_LAYERS = frozenset(
    {
        *("UNet2DConditionModel", "Timesteps", "TimestepEmbedding", "ModuleList"),
        *("DownBlock2D", "CrossAttnDownBlock2D", "UpBlock2D", "CrossAttnUpBlock2D"),
        *("UNetMidBlock2DCrossAttn", "ResnetBlock2D", "Downsample2D", "Upsample2D"),
        *("Transformer2DModel", "BasicTransformerBlock", "Attention", "FeedForward", "GEGLU"),
        *("Conv2d", "Linear", "GroupNorm", "LayerNorm", "SiLU", "Dropout"),
    }
)
#: Options of the config that change the formulas, with the values that leave them as they are here.
_PLAIN = {
    "center_input_sample": False,
    "class_embed_type": None,
    "addition_embed_type": None,
    "encoder_hid_dim_type": None,
    "time_embedding_act_fn": None,
    "cross_attention_norm": None,
    "dual_cross_attention": False,
    "only_cross_attention": False,
    "resnet_time_scale_shift": "default",
    "resnet_skip_time_act": False,
    "resnet_out_scale_factor": 1.0,
    "mid_block_scale_factor": 1,
    "act_fn": "silu",
    "attention_type": "default",
}


class UnetRunner(Protocol):
    """Runs a UNet on the states of timesteps and texts, which are rows of one tensor each."""

    def time_state(self, timesteps: torch.Tensor) -> torch.Tensor: ...

    def text_state(self, embeddings: torch.Tensor) -> torch.Tensor: ...

    def __call__(
        self, sample: torch.Tensor, times: torch.Tensor, texts: torch.Tensor
    ) -> torch.Tensor: ...


def make_runner(unet: Any, condition: torch.Tensor | None = None) -> UnetRunner:
    """The fast runner where it knows all of the network, otherwise the network itself.

    `condition` [1, width] is added to the timesteps' embedding, where the network has a place
    for it.
    """
    return FastUnet(unet, condition) if is_plain(unet) else PlainUnet(unet, condition)


class PlainUnet:
    """Calls the network as it is."""

    def __init__(self, unet: Any, condition: torch.Tensor | None = None) -> None:
        self._unet, self._condition = unet, condition

    def time_state(self, timesteps: torch.Tensor) -> torch.Tensor:
        """The timesteps [n] themselves."""
        return timesteps

    def text_state(self, embeddings: torch.Tensor) -> torch.Tensor:
        """The embeddings [n, tokens, width] themselves."""
        return embeddings

    def __call__(
        self, sample: torch.Tensor, times: torch.Tensor, texts: torch.Tensor
    ) -> torch.Tensor:
        """The network's output for sample [n, C, h, w] and the states of its rows."""
        condition = self._condition
        output: torch.Tensor = self._unet(
            sample,
            times,
            encoder_hidden_states=texts,
            timestep_cond=None if condition is None else condition.expand(len(sample), -1),
            return_dict=False,
        )[0]
        return output


def is_plain(unet: Any) -> bool:
    """Whether `FastUnet` knows every layer and every option of this network."""
    config = unet.config
    return (
        {type(layer).__name__ for layer in unet.modules()} <= _KNOWN_LAYERS
        and all(config.get(option, value) == value for option, value in _PLAIN.items())
        and all(attention.to_q.bias is None for attention in _attentions(unet, "attn1", "attn2"))
    )


class FastUnet:
    """Runs a UNet for which `is_plain` holds. Changes the network's memory layout, not its values.

    Of a run's timesteps and of texts it keeps what every block makes of them.
    """

    def __init__(self, unet: Any, condition: torch.Tensor | None = None) -> None:
        self._unet = unet.to(memory_format=torch.channels_last)
        self._condition = condition
        resnets = [m for m in unet.modules() if type(m).__name__ == "ResnetBlock2D"]
        crossing = list(_attentions(unet, "attn2"))
        self._time_at = _spans(resnets, [r.time_emb_proj.out_features for r in resnets])
        self._text_at = _spans(crossing, [2 * a.to_k.out_features for a in crossing])
        self._time_weight = _joined([r.time_emb_proj for r in resnets], "weight")
        self._time_bias = _joined([r.time_emb_proj for r in resnets], "bias")
        self._text_weight = _joined([m for a in crossing for m in (a.to_k, a.to_v)], "weight")
        self._self_weights = {
            attention: _joined([attention.to_q, attention.to_k, attention.to_v], "weight")
            for attention in _attentions(unet, "attn1")
        }

    def time_state(self, timesteps: torch.Tensor) -> torch.Tensor:
        """The time biases of all residual blocks: [n, biases] for timesteps [n]."""
        unet = self._unet
        waves = unet.time_proj(timesteps).to(self._time_weight.dtype)
        condition = self._condition
        embedding = unet.time_embedding(
            waves, None if condition is None else condition.expand(len(waves), -1)
        )
        return linear(silu(embedding), self._time_weight, self._time_bias)

    def text_state(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Keys and values of all cross-attentions: [n, tokens, widths] for [n, tokens, width]."""
        return linear(embeddings, self._text_weight)

    def __call__(
        self, sample: torch.Tensor, times: torch.Tensor, texts: torch.Tensor
    ) -> torch.Tensor:
        """The network's output for sample [n, C, h, w] and the states of its rows."""
        unet = self._unet
        x = unet.conv_in(sample.contiguous(memory_format=torch.channels_last))
        skips = [x]
        for block in unet.down_blocks:
            for resnet, attention in _pairs(block):
                x = self._resnet(resnet, x, times)
                x = x if attention is None else self._transformer(attention, x, texts)
                skips.append(x)
            for down in block.downsamplers or ():
                x = down.conv(x)
                skips.append(x)
        x = self._resnet(unet.mid_block.resnets[0], x, times)
        pairs = zip(unet.mid_block.attentions, unet.mid_block.resnets[1:], strict=True)
        for attention, resnet in pairs:
            x = self._resnet(resnet, self._transformer(attention, x, texts), times)
        for block in unet.up_blocks:
            for resnet, attention in _pairs(block):
                x = self._resnet(resnet, torch.cat((x, skips.pop()), 1), times)
                x = x if attention is None else self._transformer(attention, x, texts)
            for up in block.upsamplers or ():
                x = up.conv(interpolate(x, size=skips[-1].shape[2:]))
        return unet.conv_out(_norm_silu(unet.conv_norm_out, x))

    def _resnet(self, block: Any, x: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
        hidden = block.conv1(_norm_silu(block.norm1, x))
        hidden += times[:, self._time_at[block], None, None]
        hidden = block.conv2(_norm_silu(block.norm2, hidden))
        if block.conv_shortcut is not None:
            x = (
                _pointwise(block.conv_shortcut, _tokens(x))
                .view(len(x), *x.shape[2:], -1)
                .permute(0, 3, 1, 2)
            )
        return hidden.add_(x)

    def _transformer(self, block: Any, x: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        normed = group_norm(
            x, block.norm.num_groups, block.norm.weight, block.norm.bias, block.norm.eps
        )
        hidden = _pointwise(block.proj_in, _tokens(normed))
        for layer in block.transformer_blocks:
            hidden = hidden + self._self_attention(layer.attn1, _normed(layer.norm1, hidden))
            hidden += self._cross_attention(layer.attn2, _normed(layer.norm2, hidden), texts)
            up, down = layer.ff.net[0].proj, layer.ff.net[2]
            values, gate = up(_normed(layer.norm3, hidden)).chunk(2, dim=-1)
            hidden += down(gelu(gate).mul_(values))
        out = _pointwise(block.proj_out, hidden)
        return out.view(len(x), *x.shape[2:], -1).permute(0, 3, 1, 2).add_(x)

    def _self_attention(self, layer: Any, hidden: torch.Tensor) -> torch.Tensor:
        joined = linear(hidden, self._self_weights[layer])
        return _attend(layer, *joined.chunk(3, dim=-1))

    def _cross_attention(
        self, layer: Any, hidden: torch.Tensor, texts: torch.Tensor
    ) -> torch.Tensor:
        keys, values = texts[..., self._text_at[layer]].chunk(2, dim=-1)
        return _attend(layer, layer.to_q(hidden), keys, values)


def _attend(
    layer: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
) -> torch.Tensor:
    """Attention of queries [n, q, width] to keys and values [n, k, width], projected out."""
    n, heads = len(query), layer.heads
    q, k, v = (t.view(n, t.shape[1], heads, -1).transpose(1, 2) for t in (query, key, value))
    mixed = scaled_dot_product_attention(q, k, v)
    return layer.to_out[0](mixed.transpose(1, 2).flatten(2))


def _norm_silu(norm: Any, x: torch.Tensor) -> torch.Tensor:
    return silu(group_norm(x, norm.num_groups, norm.weight, norm.bias, norm.eps), inplace=True)


def _normed(norm: Any, x: torch.Tensor) -> torch.Tensor:
    return layer_norm(x, norm.normalized_shape, norm.weight, norm.bias, norm.eps)


def _tokens(x: torch.Tensor) -> torch.Tensor:
    """[n, h·w, C] of [n, C, h, w], without a copy where it lies channels-last."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def _pointwise(layer: Any, tokens: torch.Tensor) -> torch.Tensor:
    """A linear layer or a 1×1 convolution, on tokens."""
    return linear(tokens, layer.weight.flatten(1), layer.bias)


def _pairs(block: Any) -> Iterable[tuple[Any, Any]]:
    """Each residual block of a block of the UNet, with the attention behind it, if any."""
    attentions = getattr(block, "attentions", None) or [None] * len(block.resnets)
    return zip(block.resnets, attentions, strict=True)


def _attentions(unet: Any, *names: str) -> Iterable[Any]:
    return (m for name, m in unet.named_modules() if name.rpartition(".")[2] in names)


def _spans(layers: Sequence[Any], widths: Sequence[int]) -> dict[Any, slice]:
    ends = torch.tensor(widths).cumsum(0).tolist()
    return {
        layer: slice(end - width, end)
        for layer, width, end in zip(layers, widths, ends, strict=True)
    }


def _joined(layers: Sequence[Any], name: str) -> torch.Tensor:
    """Parameters of several layers in one tensor, of which the layers keep views."""
    parts = [getattr(layer, name) for layer in layers]
    joined = torch.cat([part.data for part in parts])
    for part, view in zip(parts, torch.split(joined, [len(p) for p in parts]), strict=True):
        part.data = view
    return joined
