"""Latents as tokens: squares of 2×2 latent pixels."""

from __future__ import annotations

import torch


def packed(latents: torch.Tensor) -> torch.Tensor:
    """Latents [n, C, h, w] as tokens [n, h/2 · w/2, 4C], row by row, channels first."""
    n, c, h, w = latents.shape
    squares = latents.reshape(n, c, h // 2, 2, w // 2, 2)
    return squares.permute(0, 2, 4, 1, 3, 5).reshape(n, h * w // 4, 4 * c)


def unpacked(tokens: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    """The inverse of `packed`, for latents of the shape [C, h, w]."""
    c, h, w = shape
    squares = tokens.reshape(len(tokens), h // 2, w // 2, c, 2, 2)
    return squares.permute(0, 3, 1, 4, 2, 5).reshape(len(tokens), c, h, w)


def patchified(latents: torch.Tensor) -> torch.Tensor:
    """Latents [n, C, h, w] with squares as channels: [n, 4C, h/2, w/2]."""
    n, c, h, w = latents.shape
    squares = latents.reshape(n, c, h // 2, 2, w // 2, 2)
    return squares.permute(0, 1, 3, 5, 2, 4).reshape(n, 4 * c, h // 2, w // 2)


def unpatchified(patches: torch.Tensor) -> torch.Tensor:
    """The inverse of `patchified`."""
    n, c, h, w = patches.shape
    squares = patches.reshape(n, c // 4, 2, 2, h, w)
    return squares.permute(0, 1, 4, 2, 5, 3).reshape(n, c // 4, 2 * h, 2 * w)


def grid(height: int, width: int, device: torch.device) -> torch.Tensor:
    """Row and column numbers of all places, row by row: [height · width, 2]."""
    return torch.cartesian_prod(
        torch.arange(height, device=device), torch.arange(width, device=device)
    )
