"""Prompts as tokens, for tokenizers of transformers, and masks as biases of attention."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from engine.conditioning import Conditioning, Role
from engine.models.networks.tokens import TokenCount, TokenCounter

#: A denoiser's call with rows of latents and times, and sequences [n, tokens, width].
Call = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
Texts = Mapping[str, torch.Tensor]
#: The bias of a token that does not count; that of diffusers.
_HIDDEN = -10_000.0


def token_ids(
    tokenizer: Any, text: str, length: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Token numbers and mask of a text, [1, length] each: cut off or filled up."""
    found = tokenizer(
        text, padding="max_length", max_length=length, truncation=True, return_tensors="pt"
    )
    return found.input_ids.to(device), found.attention_mask.to(device)


def number_of_tokens(tokenizer: Any, text: str) -> int:
    """The number of tokens of a text without marks."""
    return len(tokenizer(text, add_special_tokens=False).input_ids)


def chat_text(tokenizer: Any, prompt: str, **options: Any) -> str:
    """The text of a chat whose only message is the prompt, by the tokenizer's template."""
    chat = [{"role": "user", "content": prompt}]
    text: str = tokenizer.apply_chat_template(
        chat, tokenize=False, add_generation_prompt=True, **options
    )
    return text


def text_before_prompt(tokenizer: Any, **options: Any) -> str:
    """The text of such a chat, up to the prompt."""
    place = "\N{REPLACEMENT CHARACTER}"
    return chat_text(tokenizer, place, **options).partition(place)[0]


def whole_tokens(sequence: torch.Tensor, length: int) -> Conditioning:
    """The conditioning of a model that takes texts by their length: tokens [n, width].

    They are filled up to `length` with zeros, which no model sees.
    """
    vectors = sequence[:length].float().cpu().numpy()
    filled = np.zeros((length, vectors.shape[1]), np.float32)
    filled[: len(vectors)] = vectors
    mask = (np.arange(length) < len(vectors)).astype(np.float32)
    return Conditioning({Role.SEQUENCE: filled, Role.MASK: mask}, whole_tokens=True)


def by_length(call: Call, x: torch.Tensor, times: torch.Tensor, texts: Texts) -> torch.Tensor:
    """The predictions [n, …] of rows x [n, …], each with the tokens of its text alone.

    Rows of texts of equal lengths are computed together. A row between two texts of different
    lengths is computed with each, and the two predictions are blended: (1−s) a + s b for the share
    s of the second. This passes both texts exactly, and is continuous, which no blend of sequences
    of different lengths is.
    """
    total, share = torch.zeros_like(x), texts["share"]
    for prefix, weight in (("", 1.0 - share), ("other ", share)):
        lengths = texts[f"{prefix}mask"].sum(1).round().long() * (weight > 0.0)
        for length in sorted(set(lengths.tolist())):
            if not length:
                continue
            at = (lengths == length).nonzero()[:, 0]
            sequence = texts[f"{prefix}sequence"][at, :length]
            output = call(x[at], times[at], sequence)
            weights = weight[at].view(-1, *[1] * (x.ndim - 1))
            total[at] += (output * weights).to(total.dtype)
    return total


def count_tokens(tokenizer: Any, prompt: str, limit: int) -> TokenCount:
    """The tokens of a prompt without marks, of `limit`, and where the model stops reading."""
    if isinstance(tokenizer, TokenCounter):
        return tokenizer.count(prompt)
    found = tokenizer(prompt, add_special_tokens=False, return_offsets_mapping=True)
    tokens = len(found.input_ids)
    cut = len(prompt) if tokens <= limit else found.offset_mapping[limit][0]
    return TokenCount(tokens, limit, cut)


def soft_bias(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The bias [n, 1, tokens] of attention for weights [n, tokens] of tokens, from 0.

    It is log(w): a token with the weight w has w times the attention of a whole one. At 0 and 1, it
    is the bias of diffusers; in between, a blend of two masks is continuous.
    """
    return mask.log().clamp(min=_HIDDEN).to(dtype)[:, None]
