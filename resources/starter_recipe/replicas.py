"""A batch trained on in parts beside each other, each on a core of its own.

The operations of a small network are too short for several threads to share: they would wait for
each other at every one. Replicas meet once a step.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn

#: The loss of a network on some rows of the step's tensors.
Loss = Callable[..., Tensor]


class Replicas:
    """A network and `count` − 1 copies that share its weights and have gradients of their own."""

    def __init__(self, model: nn.Module, count: int) -> None:
        self._models = [model, *(copy.deepcopy(model) for _ in range(count - 1))]
        for replica in self._models[1:]:
            for own, shared in zip(replica.parameters(), model.parameters(), strict=True):
                own.data = shared.data
        self._pool = ThreadPoolExecutor(count) if count > 1 else None

    def descend(self, loss: Loss, *tensors: Tensor) -> Tensor:
        """Leaves the gradients of `loss(model, *rows)` in the network; returns the mean loss.

        The tensors have a row for each sample, and the loss is a mean over them.
        """
        if self._pool is None:
            value = loss(self._models[0], *tensors)
            torch.autograd.backward(value)
            return value.detach()
        count, size = len(self._models), len(tensors[0])
        parts = list(zip(*(tensor.tensor_split(count) for tensor in tensors), strict=True))
        shares = [len(part[0]) / size for part in parts]
        jobs = [
            self._pool.submit(_backward, model, loss, part, share)
            for model, part, share in zip(self._models, parts, shares, strict=True)
        ]
        total = torch.stack([job.result() for job in jobs]).sum()
        first = list(self._models[0].parameters())
        for replica in self._models[1:]:
            for kept, other in zip(first, replica.parameters(), strict=True):
                if kept.grad is not None and other.grad is not None:
                    kept.grad += other.grad
                other.grad = None
        return total


def _backward(model: nn.Module, loss: Loss, part: tuple[Tensor, ...], share: float) -> Tensor:
    torch.set_num_threads(1)  # belongs to the thread that asks
    value = share * loss(model, *part)
    torch.autograd.backward(value)
    return value.detach()
