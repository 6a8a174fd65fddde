"""What runs a UNet, our own or one of diffusers, on states that are computed once."""

from __future__ import annotations

from typing import Any, Protocol

import torch

from engine.models.networks.unet import Unet


class UnetRunner(Protocol):
    """Runs a UNet on the states of timesteps and texts, which are rows of one tensor each."""

    def time_state(self, timesteps: torch.Tensor) -> torch.Tensor: ...

    def text_state(self, embeddings: torch.Tensor) -> torch.Tensor: ...

    def __call__(
        self, sample: torch.Tensor, times: torch.Tensor, texts: torch.Tensor
    ) -> torch.Tensor: ...


def make_runner(unet: Any, condition: torch.Tensor | None = None) -> UnetRunner:
    """What runs a network: itself where it is a `Unet`, which is arranged now; diffusers' else.

    `condition` [1, width] is added to the timesteps' embedding, where the network has a place
    for it.
    """
    if not isinstance(unet, Unet):
        return ForeignUnet(unet, condition)
    unet.arrange(condition)
    return unet


class ForeignUnet:
    """Calls a network of diffusers as it is."""

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
