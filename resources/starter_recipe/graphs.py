"""Losses and their gradients captured as CUDA graphs, so that small networks keep a GPU busy.

Launching the thousands of operations of a step one by one takes a processor longer than a GPU needs
to compute them. A captured step is launched at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from .replicas import Loss, Replicas

_WARM_UP = 3


@dataclass(frozen=True, slots=True)
class _Captured:
    """A graph with the tensors that it reads and writes."""

    graph: torch.cuda.CUDAGraph
    inputs: tuple[Tensor, ...]
    value: Tensor
    gradients: list[Tensor | None]


class Graphs:
    """A network on a GPU whose losses are captured when they are first asked for."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._captured: dict[Hashable, _Captured] = {}

    def descend(self, loss: Loss, *tensors: Tensor) -> Tensor:
        """Leaves the gradients of `loss(model, *tensors)` in the network; returns the loss."""
        key = (_name(loss), tuple((tensor.shape, tensor.dtype) for tensor in tensors))
        if key not in self._captured:
            self._captured[key] = self._capture(loss, tensors)
        found = self._captured[key]
        for kept, given in zip(found.inputs, tensors, strict=True):
            kept.copy_(given)
        found.graph.replay()
        for parameter, gradient in zip(self._model.parameters(), found.gradients, strict=True):
            parameter.grad = gradient
        return found.value

    def _capture(self, loss: Loss, tensors: tuple[Tensor, ...]) -> _Captured:
        inputs = tuple(tensor.clone() for tensor in tensors)
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARM_UP):
                torch.autograd.backward(loss(self._model, *inputs))
                self._model.zero_grad(set_to_none=True)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            value = loss(self._model, *inputs)
            torch.autograd.backward(value)
        gradients = [parameter.grad for parameter in self._model.parameters()]
        return _Captured(graph, inputs, value.detach(), gradients)


def _name(loss: Loss) -> Hashable:
    """Equal for losses that compute the same."""
    if isinstance(loss, partial):
        return loss.func, tuple(sorted(loss.keywords.items()))
    return loss


def descents(
    model: nn.Module, device: torch.device, options: argparse.Namespace
) -> Graphs | Replicas:
    """What computes gradients fastest on the device: graphs on CUDA, a replica a core elsewhere."""
    if device.type == "cuda":
        return Replicas(model, 1) if options.eager else Graphs(model)
    return Replicas(model, options.threads or 1)
