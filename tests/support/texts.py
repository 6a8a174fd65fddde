"""Texts without a text encoder: arrays of any numbers, by role."""

from __future__ import annotations

import numpy as np
import torch

from engine.conditioning import Conditioning, Role
from engine.models.running.rows import Rows


def make_text(seed: int = 0, tokens: int = 5, width: int = 6) -> Conditioning:
    """A text with a sequence [tokens, width] alone."""
    draw = np.random.default_rng(seed).standard_normal((tokens, width))
    return Conditioning({Role.SEQUENCE: draw.astype(np.float32)})


def make_rich_text(seed: int = 0, read: int = 4, tokens: int = 5, width: int = 6) -> Conditioning:
    """A text with every role, whose first `read` tokens count."""
    draw = np.random.default_rng(seed).standard_normal
    return Conditioning(
        {
            Role.SEQUENCE: draw((tokens, width)).astype(np.float32),
            Role.POOLED: draw(width).astype(np.float32),
            Role.MASK: (np.arange(tokens) < read).astype(np.float32),
        }
    )


def sequences(texts: torch.Tensor) -> Rows:
    """Sequences [n, tokens, width] as the rows of texts."""
    return Rows({Role.SEQUENCE: texts})
