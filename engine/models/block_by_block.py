"""Networks whose blocks wait in main memory and are on the device only while they are computed."""

from __future__ import annotations

from typing import Any

import torch

from engine.models.inspection.weight_counts import block_of


def block_by_block(network: Any, device: torch.device) -> Any:
    """Move a network to the device, except its repeated blocks: each comes when it is called.

    Weights never change: a block leaves the device by taking its tensors of main memory again.
    Returns the network.
    """
    names = dict.fromkeys(block_of(f"{name}.") for name, _ in network.named_modules())
    blocks = [network.get_submodule(name) for name in names if name]
    inside = {module for block in blocks for module in block.modules()}
    for module in network.modules():
        if module not in inside:
            _Tensors(module, device, recurse=False).come()
    for block in blocks:
        tensors = _Tensors(block, device)
        block.register_forward_pre_hook(tensors.come)
        block.register_forward_hook(tensors.go, always_call=True)
    return network


class _Tensors:
    """The tensors of a module in main memory, by their owners and names."""

    def __init__(self, module: torch.nn.Module, device: torch.device, recurse: bool = True) -> None:
        owners = module.modules() if recurse else [module]
        self._device = device
        self._home = [
            (owner, name, tensor)
            for owner in owners
            for named in (owner.named_parameters(recurse=False), owner.named_buffers(recurse=False))
            for name, tensor in named
        ]

    def come(self, *_: Any) -> None:
        """Put copies on the device in their place."""
        for owner, name, tensor in self._home:
            copy = tensor.to(self._device)
            is_parameter = isinstance(tensor, torch.nn.Parameter)
            new = torch.nn.Parameter(copy, requires_grad=False) if is_parameter else copy
            setattr(owner, name, new)

    def go(self, *_: Any) -> None:
        """Give the memory of the device back."""
        for owner, name, tensor in self._home:
            setattr(owner, name, tensor)
