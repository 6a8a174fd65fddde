"""Networks that begin with the weights of smaller ones.

The larger network computes what the smaller one did, or nearly so, and has room to learn more
(Chen, Goodfellow and Shlens 2016, Net2Net).
"""

from __future__ import annotations

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor
from torch.nn import functional

#: An untrained encoder's latents are this much too faint.
_LOUDER = 10.0
#: The dimensions of the UNet's layers that grow at their end: latents, and the timestep.
_PADDED = {"time_embedding": (0, 1), "time_emb_proj": (1,), "conv_in": (1,), "conv_out": (0,)}
#: Places of feature maps that a layer is fitted on, and how strongly it keeps to its weights.
_PLACES, _KEEP = 8192, 0.01

#: Noisy latents `[N, C, h, w]`, timesteps `[N]` and prompt states `[N, 77, D]`.
Asked = tuple[Tensor, Tensor, Tensor]


@torch.no_grad()
def grow_autoencoder(vae: AutoencoderKL, start: AutoencoderKL) -> None:
    """Gives `vae` the weights of `start`, which may have fewer latent channels.

    The new channels begin with what an untrained encoder puts there, and the decoder does not look
    at them yet.
    """
    old, new = start.config.latent_channels, vae.config.latent_channels
    own, given = vae.state_dict(), start.state_dict()
    moments = torch.cat((torch.arange(old), new + torch.arange(old)))
    latents = torch.arange(old)
    for name, kept in own.items():
        weights = given[name]
        if kept.shape == weights.shape:
            kept.copy_(weights)
        elif name.startswith("encoder.conv_out"):
            kept *= _LOUDER
            kept[moments] = weights
        elif name == "quant_conv.weight":
            kept[:, moments] = 0.0
            kept[moments] = 0.0
            kept[moments[:, None], moments[None, :]] = weights
        elif name == "quant_conv.bias":
            kept[moments] = weights
        elif name.startswith("post_quant_conv"):
            _widen_square(kept, weights, latents)
        else:
            kept[:, old:] = 0.0
            kept[:, latents] = weights
    vae.load_state_dict(own)


def _widen_square(kept: Tensor, weights: Tensor, latents: Tensor) -> None:
    """The identity on new channels, and the old weights on the old ones."""
    if kept.ndim == 1:
        kept.zero_()
        kept[latents] = weights
        return
    kept[:, :, 0, 0] = torch.eye(len(kept))
    kept[latents[:, None], latents[None, :]] = weights


@torch.no_grad()
def grow_unet(unet: UNet2DConditionModel, start: UNet2DConditionModel, asked: Asked) -> None:
    """Gives `unet` the weights of `start`, which may have fewer latent channels and half the width
    at some resolutions.

    Each channel there becomes two, and what reads it divides its weights between them by chance,
    so that the two learn different things. New latent channels are not looked at yet, and their
    noise is predicted as an untrained network does. Where that cannot give what `start` computes,
    as where a normalisation spans both kinds of channels, layers are fitted to it on `asked`.
    Raises `ValueError` for a width that is neither the same nor twice as much, and `KeyError` for
    layers that `start` lacks.
    """
    own, given = unet.state_dict(), start.state_dict()
    joined = _joined(unet, start)
    for name, kept in own.items():
        if name in given:
            kept.copy_(_grown(name, given[name], kept, joined))
        else:
            kept.copy_(_untrained(name, kept))
    moved = _move_shortcuts(own, given)
    unet.load_state_dict(own)
    uneven = [name for name, parts in joined.items() if len({new // old for old, new in parts}) > 1]
    for name in moved + uneven:
        _fit(unet, start, name, asked)


def _joined(
    unet: UNet2DConditionModel, start: UNet2DConditionModel
) -> dict[str, list[tuple[int, int]]]:
    """The widths, old and new, of the two inputs that each block of the way up joins."""
    pairs = list(zip(start.config.block_out_channels, unet.config.block_out_channels, strict=True))
    levels, result = pairs[::-1], {}
    for level, block in enumerate(start.up_blocks):
        for turn in range(len(block.resnets)):
            last = turn == len(block.resnets) - 1
            before = levels[level] if turn else levels[max(level - 1, 0)]
            beside = levels[min(level + last, len(levels) - 1)]
            result[f"up_blocks.{level}.resnets.{turn}"] = [before, beside]
    return result


def _grown(
    name: str, weights: Tensor, kept: Tensor, joined: dict[str, list[tuple[int, int]]]
) -> Tensor:
    """The weights in the shape of `kept`."""
    if name == "time_embedding.linear_1.weight":
        weights = _finer(weights, kept.shape[1])
    if name.endswith("to_q.weight") and len(kept) > len(weights):
        weights = weights / 2**0.5  # products of queries and keys add twice as many terms
    for dimension in reversed(range(weights.ndim)):
        if weights.shape[dimension] == kept.shape[dimension]:
            continue
        if dimension in _PADDED.get(_layer(name), ()):
            weights = _padded(weights, kept, dimension)
        else:
            ends = [(weights.shape[dimension], kept.shape[dimension])]
            weights = _widened(weights, dimension, joined.get(_reader(name, dimension), ends))
    return weights


def _reader(name: str, dimension: int) -> str:
    """The block whose joined inputs this dimension of a parameter reads; empty where none does."""
    block, _, layer = name.rpartition(".norm1." if dimension == 0 else ".conv")
    return block if dimension == 0 or layer.startswith(("1.", "_shortcut.")) else ""


def _layer(name: str) -> str:
    """The part of a parameter's name that `_PADDED` tells layers by."""
    return "time_emb_proj" if "time_emb_proj" in name else name.split(".")[0]


def _finer(weights: Tensor, size: int) -> Tensor:
    """Weights for `size` cosines and sines of a timestep, the old frequencies among them."""
    if weights.shape[1] == size:
        return weights
    result = torch.zeros(len(weights), size)
    result[:, ::2] = weights
    return result


def _padded(weights: Tensor, kept: Tensor, dimension: int) -> Tensor:
    """New outputs as the untrained network makes them; new inputs count for nothing yet."""
    old, new = weights.shape[dimension], kept.shape[dimension]
    if dimension == 0:
        return torch.cat((weights, kept[old:]))
    nothing = weights.new_zeros(weights.shape[0], new - old, *weights.shape[2:])
    return torch.cat((weights, nothing), 1)


def _widened(weights: Tensor, dimension: int, widths: list[tuple[int, int]]) -> Tensor:
    """Two channels for each in the parts that are twice as wide. Two inputs share the weights."""
    parts = []
    olds = torch.split(weights, [old for old, _ in widths], dimension)
    for part, (old, new) in zip(olds, widths, strict=True):
        if new not in (old, 2 * old):
            raise ValueError(f"a width of {old} cannot grow to {new}")
        if new > old:
            part = part.repeat_interleave(2, dimension)
            part = part * _shares(part) if dimension == 1 else part
        parts.append(part)
    return torch.cat(parts, dimension)


def _shares(doubled: Tensor) -> Tensor:
    """For each two inputs `[:, 2i]` and `[:, 2i + 1]`, two random shares that add up to 1."""
    share = 0.5 + 0.3 * (2 * torch.rand_like(doubled[:, ::2]) - 1)
    return torch.stack((share, 1 - share), 2).flatten(1, 2)


def _untrained(name: str, kept: Tensor) -> Tensor:
    """Weights of a layer that the smaller network lacks: a shortcut into a wider block."""
    if not name.endswith(("conv_shortcut.weight", "conv_shortcut.bias")):
        raise KeyError(name)
    if kept.ndim == 1:
        return torch.zeros_like(kept)
    return torch.eye(kept.shape[1]).repeat_interleave(2, 0)[..., None, None]


def _move_shortcuts(own: dict[str, Tensor], given: dict[str, Tensor]) -> list[str]:
    """Puts the shortcuts that the larger network lacks into the layers before them.

    A block that was wider than the one before it had a shortcut of its own weights. Returns the
    blocks that read what these layers give.
    """
    lost = [name for name in given if name not in own and name.endswith("conv_shortcut.weight")]
    blocks = [name.removesuffix(".conv_shortcut.weight") for name in lost]
    for block in blocks:
        weights, bias = (given[f"{block}.conv_shortcut.{part}"] for part in ("weight", "bias"))
        before = f"down_blocks.{int(block.split('.')[1]) - 1}.downsamplers.0.conv"
        matrix, kernels = weights[:, :, 0, 0], given[f"{before}.weight"]
        kernels = torch.einsum("oh,hikl->oikl", matrix, kernels)
        width = kernels.shape[1], own[f"{before}.weight"].shape[1]
        own[f"{before}.weight"].copy_(_widened(kernels, 1, [width]))
        own[f"{before}.bias"].copy_(matrix @ given[f"{before}.bias"] + bias)
    return blocks


def _fit(unet: UNet2DConditionModel, start: UNet2DConditionModel, block: str, asked: Asked) -> None:
    """Changes the layers that read a block's input so that they give what those of `start` give.

    Ridge regression of what they lack on their inputs; the weights that they have are kept as far
    as possible.
    """
    names = [f"{block}.{layer}" for layer in ("conv1", "conv_shortcut")]
    names = [name for name in names if f"{name}.weight" in unet.state_dict()]
    before, now = (_seen(network, names, asked) for network in (start, unet))
    for name, (_, wanted), (inputs, found) in zip(names, before, now, strict=True):
        if wanted.shape[1] < found.shape[1]:
            wanted = wanted.repeat_interleave(2, 1)
        weight = unet.get_parameter(f"{name}.weight")
        size = weight.shape[-1]
        places = functional.unfold(inputs, size, padding=size // 2).mT.flatten(0, 1).double()
        lacking = (wanted - found).permute(0, 2, 3, 1).flatten(0, 2).double()
        gram = places.mT @ places
        gram.diagonal().add_(_KEEP * gram.diagonal().mean())
        change = torch.linalg.solve(gram, places.mT @ lacking)
        weight.add_(change.mT.reshape(weight.shape).float())


def _seen(
    network: UNet2DConditionModel, names: list[str], asked: Asked
) -> list[tuple[Tensor, Tensor]]:
    """Inputs and outputs of layers when the network is asked."""
    seen: dict[str, tuple[Tensor, Tensor]] = {}

    def keep(name: str, inputs: Tensor, outputs: Tensor) -> None:
        count = max(1, _PLACES // outputs[0, 0].numel())
        seen[name] = inputs[:count], outputs[:count]

    handles = [
        network.get_submodule(name).register_forward_hook(
            lambda _, given, outputs, name=name: keep(name, given[0], outputs)
        )
        for name in names
    ]
    latents, times, states = asked
    network(latents[:, : network.config.in_channels], times, states)
    for handle in handles:
        handle.remove()
    return [seen[name] for name in names]
