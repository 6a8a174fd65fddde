"""CLIP's text encoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn
from torch.nn.functional import gelu, scaled_dot_product_attention


def _quick_gelu(x: torch.Tensor) -> torch.Tensor:
    return x * torch.sigmoid(1.702 * x)


_ACTIVATIONS: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "quick_gelu": _quick_gelu,
    "gelu": gelu,
}
#: What a config of CLIPTextModel leaves out has these values.
_OPTIONS: Mapping[str, Any] = {
    "vocab_size": 49408,
    "hidden_size": 512,
    "intermediate_size": 2048,
    "num_hidden_layers": 12,
    "num_attention_heads": 8,
    "max_position_embeddings": 77,
    "hidden_act": "quick_gelu",
    "layer_norm_eps": 1e-5,
    "use_attention_mask": False,
}


def _table(rows: int, width: int) -> nn.Embedding:
    """Returns an embedding without values. Random values would make torch import its compiler."""
    return nn.Embedding.from_pretrained(torch.empty(rows, width))  # type: ignore[no-untyped-call]


class _Embeddings(nn.Module):
    def __init__(self, s: SimpleNamespace) -> None:
        super().__init__()
        self.token_embedding = _table(s.vocab_size, s.hidden_size)
        self.position_embedding = _table(s.max_position_embeddings, s.hidden_size)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        positions = self.position_embedding.weight[: ids.shape[1]]
        tokens: torch.Tensor = self.token_embedding(ids)
        return tokens + positions


class _SelfAttention(nn.Module):
    """Causal self-attention, or self-attention with the mask `allowed` [n, 1, k, k]."""

    def __init__(self, s: SimpleNamespace) -> None:
        super().__init__()
        width, self._heads = s.hidden_size, s.num_attention_heads
        if not isinstance(self._heads, int) or width % self._heads:
            raise ValueError(f"{width} channels cannot be split into {self._heads} heads")
        self.k_proj, self.v_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.q_proj, self.out_proj = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, hidden: torch.Tensor, allowed: torch.Tensor | None) -> torch.Tensor:
        q, k, v = (
            layer(hidden).unflatten(-1, (self._heads, -1)).transpose(1, 2)
            for layer in (self.q_proj, self.k_proj, self.v_proj)
        )
        mixed = scaled_dot_product_attention(q, k, v, allowed, is_causal=allowed is None)
        out: torch.Tensor = self.out_proj(mixed.transpose(1, 2).flatten(2))
        return out


class _Mlp(nn.Module):
    def __init__(self, s: SimpleNamespace) -> None:
        super().__init__()
        self._activation = _ACTIVATIONS[s.hidden_act]
        self.fc1 = nn.Linear(s.hidden_size, s.intermediate_size)
        self.fc2 = nn.Linear(s.intermediate_size, s.hidden_size)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.fc2(self._activation(self.fc1(hidden)))
        return out


class _Layer(nn.Module):
    def __init__(self, s: SimpleNamespace) -> None:
        super().__init__()
        self.self_attn = _SelfAttention(s)
        self.layer_norm1 = nn.LayerNorm(s.hidden_size, s.layer_norm_eps)
        self.mlp = _Mlp(s)
        self.layer_norm2 = nn.LayerNorm(s.hidden_size, s.layer_norm_eps)

    def forward(self, hidden: torch.Tensor, allowed: torch.Tensor | None) -> torch.Tensor:
        hidden = hidden + self.self_attn(self.layer_norm1(hidden), allowed)
        return hidden + self.mlp(self.layer_norm2(hidden))


class _Encoder(nn.Module):
    def __init__(self, s: SimpleNamespace) -> None:
        super().__init__()
        self.layers = nn.ModuleList([_Layer(s) for _ in range(s.num_hidden_layers)])

    def forward(self, hidden: torch.Tensor, allowed: torch.Tensor | None) -> torch.Tensor:
        for layer in self.layers:
            hidden = layer(hidden, allowed)
        return hidden


class TextTower(nn.Module):
    """A CLIPTextModel with this config. Raises NotImplementedError for an unknown activation.

    Parameters have the names of transformers' files, without their prefix. `masks_padding` is True
    if the model was trained with an attention mask that excludes padding.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        s = SimpleNamespace(**{**_OPTIONS, **config})
        if s.hidden_act not in _ACTIVATIONS:
            raise NotImplementedError(f"the activation {s.hidden_act!r}")
        self.masks_padding = bool(s.use_attention_mask)
        self.embeddings = _Embeddings(s)
        self.encoder = _Encoder(s)
        self.final_layer_norm = nn.LayerNorm(s.hidden_size, s.layer_norm_eps)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Returns embeddings [n, k, width] of token ids [n, k]; `mask` [n, k] is 0 for padding."""
        allowed = None if mask is None else _causal(ids) & mask[:, None, None, :].bool()
        hidden: torch.Tensor = self.encoder(self.embeddings(ids), allowed)
        return self.final_layer_norm(hidden)


def _causal(ids: torch.Tensor) -> torch.Tensor:
    """Returns the causal mask [k, k]: True where the column is not after the row."""
    k = ids.shape[1]
    return torch.ones(k, k, dtype=torch.bool, device=ids.device).tril()
