"""Prompts as tokens, for tokenizers of transformers, and masks as biases of attention."""

from __future__ import annotations

from typing import Any

import torch

from engine.models.networks.tokens import TokenCount, TokenCounter

#: The bias of a token that does not count; that of diffusers.
_HIDDEN = -10_000.0


def token_ids(
    tokenizer: Any, text: str, length: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Token numbers and mask of a text, [1, length] each: cut off or filled up on the right."""
    tokenizer.padding_side = "right"
    found = tokenizer(
        text, padding="max_length", max_length=length, truncation=True, return_tensors="pt"
    )
    return found.input_ids.to(device), found.attention_mask.to(device)


def count_tokens(tokenizer: Any, prompt: str, limit: int) -> TokenCount:
    """The tokens of a prompt without marks, of `limit`, and where the model stops reading."""
    if isinstance(tokenizer, TokenCounter):
        return tokenizer.count(prompt)
    found = tokenizer(prompt, add_special_tokens=False, return_offsets_mapping=True)
    tokens = len(found.input_ids)
    cut = len(prompt) if tokens <= limit else found.offset_mapping[limit][0]
    return TokenCount(tokens, limit, cut)


def soft_bias(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The bias [n, 1, tokens] of attention for a mask [n, tokens] from 0 to 1.

    It is log(mask): a token with the weight w has w times the attention of a whole one. At 0 and 1,
    it is the bias of diffusers; in between, a blend of two masks is continuous.
    """
    return mask.log().clamp(min=_HIDDEN).to(dtype)[:, None]
