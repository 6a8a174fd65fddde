"""Networks that begin with the weights of smaller ones.

The larger network computes what the smaller one did, or nearly so, and has room to learn more
(Chen, Goodfellow and Shlens 2016, Net2Net).
"""

from __future__ import annotations

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor

#: An untrained encoder's latents are this much too faint.
_LOUDER = 10.0
#: The dimensions of the UNet's layers that grow at their end: latents, and the timestep.
_PADDED = {"time_embedding": (0, 1), "time_emb_proj": (1,), "conv_in": (1,), "conv_out": (0,)}


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
def grow_unet(unet: UNet2DConditionModel, start: UNet2DConditionModel) -> None:
    """Gives `unet` the weights of `start`, which may have fewer latent channels and half the width
    at the full resolution.

    Each channel there becomes two, and what reads it divides its weights between them by chance,
    so that the two learn different things. New latent channels are not looked at yet, and their
    noise is predicted as an untrained network does. Where a normalisation spans both kinds of
    channels its groups change, so pictures differ a little. Raises `KeyError` where `unet` has a
    layer that `start` lacks, as a first block that is wider than the second one gives.
    """
    own, given = unet.state_dict(), start.state_dict()
    for name, kept in own.items():
        weights = given[name]
        if name == "time_embedding.linear_1.weight":
            weights = _finer(weights, kept.shape[1])
        for dimension in reversed(range(weights.ndim)):
            if weights.shape[dimension] == kept.shape[dimension]:
                continue
            if dimension in _PADDED.get(_layer(name), ()):
                weights = _padded(weights, kept, dimension)
            else:
                weights = _doubled(weights, kept, dimension)
        kept.copy_(weights)
    unet.load_state_dict(own)


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


def _doubled(weights: Tensor, kept: Tensor, dimension: int) -> Tensor:
    """Two channels for each; of two joined inputs the first is as wide as before."""
    wide = kept.shape[dimension] - weights.shape[dimension]
    plain = weights.shape[dimension] - wide
    first, second = weights.narrow(dimension, 0, plain), weights.narrow(dimension, plain, wide)
    doubled = second.repeat_interleave(2, dimension)
    if dimension == 1:
        share = 0.5 + 0.3 * (2 * torch.rand_like(second) - 1)
        doubled = doubled * torch.stack((share, 1 - share), 2).flatten(1, 2)
    return torch.cat((first, doubled), dimension)
