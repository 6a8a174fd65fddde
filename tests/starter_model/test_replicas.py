"""A batch in parts leaves the gradients of the whole."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from resources.starter_recipe.replicas import Replicas


@pytest.mark.parametrize("count", [1, 2, 3])
def test_gradients_and_loss_are_those_of_the_whole_batch(count: int) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
    whole, x, y = copy.deepcopy(model), torch.randn(7, 3), torch.randn(7, 1)

    def loss(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return (net(x) - y).square().mean()

    before = torch.get_num_threads()
    expected = loss(whole, x, y)
    torch.autograd.backward(expected)
    found = Replicas(model, count).descend(loss, x, y)
    torch.set_num_threads(before)
    assert torch.allclose(found, expected.detach())
    for own, theirs in zip(model.parameters(), whole.parameters(), strict=True):
        assert own.grad is not None
        assert theirs.grad is not None
        assert torch.allclose(own.grad, theirs.grad, atol=1e-6)
