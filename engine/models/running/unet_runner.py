"""Runs a UNet, our own or one of diffusers, with states that are computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import torch

from engine.conditioning import Role
from engine.models.networks.unet import Unet
from engine.models.running.rows import Rows

#: The call of a network with sample [n, C, h, w], rows of times, and rows of texts by name.
Predict = Callable[[Any, torch.Tensor, torch.Tensor, Mapping[str, torch.Tensor]], torch.Tensor]


class UnetRunner(Protocol):
    """Runs a UNet on the states of timesteps, rows of one tensor, and of texts, named rows."""

    def time_state(self, timesteps: torch.Tensor) -> torch.Tensor: ...

    def text_state(self, texts: Rows) -> Rows: ...

    def __call__(self, sample: torch.Tensor, times: torch.Tensor, texts: Rows) -> torch.Tensor: ...


def make_runner(unet: Any, condition: torch.Tensor | None = None) -> UnetRunner:
    """Returns the runner of a network: our own `Unet`, which is arranged now, or one of diffusers.

    `condition` [1, width] is added to the timesteps' embedding, where the network has a place
    for it.
    """
    if not isinstance(unet, Unet):
        return ForeignUnet(unet, condition)
    unet.arrange(condition)
    return OwnUnet(unet)


class OwnUnet:
    """Runs our own network, which computes the keys and values of a text once."""

    def __init__(self, unet: Unet) -> None:
        self._unet = unet

    def time_state(self, timesteps: torch.Tensor) -> torch.Tensor:
        """The time biases [n, biases] of timesteps [n]."""
        return self._unet.time_state(timesteps)

    def text_state(self, texts: Rows) -> Rows:
        """Keys and values of all cross-attentions [n, tokens, widths] for the texts' sequences."""
        return Rows({"keys_values": self._unet.text_state(texts.tensors[Role.SEQUENCE])})

    def __call__(self, sample: torch.Tensor, times: torch.Tensor, texts: Rows) -> torch.Tensor:
        """The network's output for sample [n, C, h, w] and the states of its rows."""
        output: torch.Tensor = self._unet(sample, times, texts.tensors["keys_values"])
        return output


class FamilyRunner:
    """Calls a network through its family, which knows its arguments."""

    def __init__(self, predict: Predict, network: Any) -> None:
        self._predict, self._network = predict, network

    def time_state(self, timesteps: torch.Tensor) -> torch.Tensor:
        """The rows of the timesteps themselves."""
        return timesteps

    def text_state(self, texts: Rows) -> Rows:
        """The texts themselves."""
        return texts

    def __call__(self, sample: torch.Tensor, times: torch.Tensor, texts: Rows) -> torch.Tensor:
        """The network's output for sample [n, C, h, w] and the states of its rows."""
        return self._predict(self._network, sample, times, texts.tensors)


class ForeignUnet:
    """Calls a network of diffusers as it is."""

    def __init__(self, unet: Any, condition: torch.Tensor | None = None) -> None:
        self._unet, self._condition = unet, condition

    def time_state(self, timesteps: torch.Tensor) -> torch.Tensor:
        """The timesteps [n] themselves."""
        return timesteps

    def text_state(self, texts: Rows) -> Rows:
        """The texts themselves."""
        return texts

    def __call__(self, sample: torch.Tensor, times: torch.Tensor, texts: Rows) -> torch.Tensor:
        """The network's output for sample [n, C, h, w] and the states of its rows."""
        condition = self._condition
        output: torch.Tensor = self._unet(
            sample,
            times,
            encoder_hidden_states=texts.tensors[Role.SEQUENCE],
            timestep_cond=None if condition is None else condition.expand(len(sample), -1),
            return_dict=False,
        )[0]
        return output
