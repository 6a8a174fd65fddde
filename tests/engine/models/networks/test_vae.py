"""Our decoder of pictures against diffusers' own, whole and in tiles."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch.nn.functional import interpolate

from engine.errors import ModelError
from engine.models.networks.build import build_vae
from engine.models.networks.layers import Doubled
from engine.models.networks.vae import VaeDecoder
from engine.models.running.decoder import decode_in_tiles

SHAPES: dict[str, dict[str, Any]] = {
    "like SD": {"layers_per_block": 2},
    "without attention": {"mid_block_add_attention": False, "scaling_factor": 0.9},
    "like later ones": {"use_post_quant_conv": False, "use_quant_conv": False, "shift_factor": 0.1},
}


def _theirs(**options: Any) -> AutoencoderKL:
    base: dict[str, Any] = {
        "block_out_channels": (8, 16, 16),
        "down_block_types": ("DownEncoderBlock2D",) * 3,
        "up_block_types": ("UpDecoderBlock2D",) * 3,
        "norm_num_groups": 4,
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = AutoencoderKL(**base | options)
        for parameter in vae.parameters():  # also those that start at 0 or 1
            parameter.data += 0.05 * torch.randn_like(parameter)
    return vae.eval().requires_grad_(False)


def _ours(theirs: AutoencoderKL) -> VaeDecoder:
    return build_vae(theirs.config, dict(theirs.state_dict()))


def _latents(*sides: int) -> torch.Tensor:
    return torch.randn(2, 4, *sides, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("sides", [(8, 8), (6, 11)])
def test_it_computes_what_the_network_computes(name: str, sides: tuple[int, int]) -> None:
    theirs = _theirs(**SHAPES[name])
    z = _latents(*sides)
    shift = theirs.config.shift_factor or 0.0
    expected = theirs.decode(z / theirs.config.scaling_factor + shift).sample
    ours = _ours(theirs)
    assert ours.downscale == 4
    assert torch.allclose(ours(z), expected, atol=2e-5)


def test_a_doubled_picture_is_repeated_and_convolved() -> None:
    torch.manual_seed(0)
    up, x = Doubled(8), torch.randn(2, 8, 5, 7)
    for _ in range(2):
        plain = up.conv(interpolate(x, scale_factor=2.0))
        assert torch.allclose(up(x), plain, atol=1e-5)
        up.double()  # other weights from here on, and what was derived from the old ones with them
        x = x.double()


@pytest.mark.parametrize("sides", [(16, 16), (13, 24)])
def test_tiles_make_the_same_picture_without_seams(sides: tuple[int, int]) -> None:
    """Not to the last bit: what is normalised over the picture is normalised over each tile."""
    ours = _ours(_theirs(mid_block_add_attention=False))
    z = torch.nn.functional.interpolate(_latents(3, 3), sides, mode="bicubic")
    whole, tiled = ours(z), decode_in_tiles(ours, z, side=10)
    assert tiled.shape == whole.shape
    assert torch.corrcoef(torch.stack([tiled.flatten(), whole.flatten()]))[0, 1] > 0.8
    for axis in (2, 3):
        assert tiled.diff(dim=axis).abs().max() < 1.3 * whole.diff(dim=axis).abs().max()
    assert torch.allclose(decode_in_tiles(ours, z, side=24), whole, atol=1e-5)


def test_unknown_blocks_are_named() -> None:
    theirs = _theirs()
    config = {**theirs.config, "up_block_types": ["AttnUpDecoderBlock2D"] * 3}
    with pytest.raises(ModelError, match="AttnUpDecoderBlock2D"):
        build_vae(config, dict(theirs.state_dict()))
