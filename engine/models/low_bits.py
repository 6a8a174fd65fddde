"""Linear layers whose weights have 8 or 4 bits, by bitsandbytes where it is installed."""

from __future__ import annotations

from typing import Any

import torch

from engine.models.inspection.weight_counts import block_of

#: So many weights share a scale: a float32 beside 64 weights is half a bit for each.
_BLOCK = 64


class LowBitLinear(torch.nn.Module):
    """A linear layer that holds 8- or 4-bit weights and computes in the precision of the original.

    Weights are rounded in blocks of 64: to 255 even levels, or to the 16 levels of NF4 (Dettmers et
    al. 2023, arXiv 2305.14314). They are made whole again for each call; inputs are not rounded.
    """

    code: torch.Tensor

    def __init__(self, linear: torch.nn.Linear, bits: int, device: torch.device) -> None:
        super().__init__()
        from bitsandbytes import functional

        self.in_features, self.out_features = linear.in_features, linear.out_features
        self._dtype, self._bits = linear.weight.dtype, bits
        weight = linear.weight.detach().to(device)
        if bits == 4:
            packed, state = functional.quantize_4bit(weight, blocksize=_BLOCK, quant_type="nf4")
        else:
            levels = functional.create_linear_map(signed=True, total_bits=8).to(device)
            packed, state = functional.quantize_blockwise(weight, code=levels, blocksize=_BLOCK)
        # Whole bytes only: libraries take a network's precision from its floating point weights.
        self.packed, self.scales = (_fixed(part) for part in (packed, state.absmax))
        self.register_buffer("code", state.code.clone(), persistent=False)
        self.bias = linear.bias

    @property
    def weight(self) -> torch.Tensor:
        """The rounded weights [out, in] in the precision of the original."""
        from bitsandbytes import functional

        state = functional.QuantState(
            absmax=self.scales.view(torch.float32),
            shape=torch.Size((self.out_features, self.in_features)),
            code=self.code,
            blocksize=_BLOCK,
            quant_type="nf4" if self._bits == 4 else None,
            dtype=self._dtype,
        )
        if self._bits == 4:
            return _tensor(functional.dequantize_4bit(self.packed, state))
        return _tensor(functional.dequantize_blockwise(self.packed, state))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x Wᵀ + b for x [..., in]."""
        return torch.nn.functional.linear(x, self.weight, self.bias)


def with_low_bits(network: Any, bits: int, device: torch.device) -> Any:
    """Replaces the linear layers inside the repeated blocks of a network; rounds on `device`.

    Layers before and after the blocks are small, and errors in them reach the whole picture.
    Returns the network.
    """
    layers = [
        (name, layer)
        for name, layer in network.named_modules()
        if type(layer) is torch.nn.Linear
        and block_of(f"{name}.weight")
        and not layer.weight.numel() % _BLOCK
    ]
    for name, layer in layers:
        owner, _, last = name.rpartition(".")
        setattr(network.get_submodule(owner), last, LowBitLinear(layer, bits, device))
    return network


def _fixed(tensor: torch.Tensor) -> torch.nn.Parameter:
    return torch.nn.Parameter(tensor.contiguous().view(torch.uint8), requires_grad=False)


def _tensor(found: Any) -> torch.Tensor:
    whole: torch.Tensor = found
    return whole
