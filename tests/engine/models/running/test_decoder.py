"""Decoding with too little memory, and with too little precision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

from engine.models.networks.build import build_vae
from engine.models.networks.vae import VaeDecoder
from engine.models.running.decoder import Decoder
from tests.support.tiny_models import make_tiny_model

CPU = torch.device("cpu")
SPELLINGS = (
    torch.OutOfMemoryError("CUDA out of memory."),
    RuntimeError("MPS backend out of memory"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("model")) / "vae"


@pytest.fixture
def vae(folder: Path) -> VaeDecoder:
    theirs = AutoencoderKL.from_pretrained(folder)
    return build_vae(theirs.config, dict(theirs.state_dict()))


def latents(count: int, side: int = 8) -> torch.Tensor:
    return torch.randn(count, 4, side, side, generator=torch.Generator().manual_seed(0))


def decoded(decoder: Decoder, some: torch.Tensor) -> torch.Tensor:
    """All pictures, of which none may be missing: [n, H, W, 3]."""
    pictures = [picture for picture in decoder(some) if picture is not None]
    assert len(pictures) == len(some)
    return torch.stack(pictures)


def limit(vae: VaeDecoder, elements: int, error: Exception) -> list[int]:
    """Let the decoder's network fail above a number of latent elements; what it was given."""
    sizes: list[int] = []
    forward: Callable[..., torch.Tensor] = vae.decoder.forward

    def limited(sample: torch.Tensor, *rest: Any) -> torch.Tensor:
        sizes.append(sample.numel())
        if sample.numel() > elements:
            raise error
        return forward(sample, *rest)

    vae.decoder.forward = limited  # type: ignore[method-assign]
    return sizes


def test_together_or_one_by_one_it_is_the_same(vae: VaeDecoder) -> None:
    together = decoded(Decoder(vae, CPU), latents(3))
    sizes = limit(vae, 4 * 8 * 8, SPELLINGS[0])
    alone = decoded(Decoder(vae, CPU, together=False), latents(3))
    assert (alone.int() - together.int()).abs().max() <= 1
    assert sizes == [4 * 8 * 8] * 3


@pytest.mark.parametrize("error", SPELLINGS)
def test_one_by_one_where_a_batch_is_too_much(vae: VaeDecoder, error: Exception) -> None:  # R21
    expected = decoded(Decoder(vae, CPU), latents(3))
    limit(vae, 4 * 8 * 8, error)
    decoder = Decoder(vae, CPU)
    difference = decoded(decoder, latents(3)).int() - expected.int()
    assert difference.abs().max() <= 1
    assert decoder.note == ""


def test_in_tiles_where_one_is_too_much_and_from_then_on(vae: VaeDecoder) -> None:  # R21
    whole = decoded(Decoder(vae, CPU), latents(2, side=32))
    sizes = limit(vae, 4 * 16 * 16, SPELLINGS[0])
    decoder = Decoder(vae, CPU)
    first = decoded(decoder, latents(2, side=32))
    assert "tiles" in decoder.note
    assert first.shape == whole.shape
    sizes.clear()
    assert torch.equal(decoded(decoder, latents(2, side=32)), first)
    assert max(sizes) <= 2 * 4 * 16 * 16


def test_the_error_is_told_where_nothing_helps(vae: VaeDecoder) -> None:
    sizes = limit(vae, 0, SPELLINGS[0])
    with pytest.raises(torch.OutOfMemoryError):
        decoded(Decoder(vae, CPU), latents(4))
    assert len(sizes) <= 6


def test_other_errors_pass(vae: VaeDecoder) -> None:
    limit(vae, 0, RuntimeError("shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="shapes"):
        decoded(Decoder(vae, CPU), latents(4))


def test_half_precision_that_overflows_is_decoded_in_single(vae: VaeDecoder) -> None:  # R23
    with torch.no_grad():
        vae.decoder.conv_in.weight *= 1e6
    expected = decoded(Decoder(vae, CPU), latents(2))
    decoder = Decoder(vae.half(), CPU)
    # The weights themselves must fit half precision; only what they make of the latents does not.
    with torch.no_grad():
        vae.decoder.conv_in.weight.copy_(vae.decoder.conv_in.weight.clamp(-6e4, 6e4))
    assert decoded(decoder, latents(2)).float().std() > 1
    assert expected.float().std() > 1
    assert vae.dtype == torch.float32
    assert "float32" in decoder.note


@pytest.mark.parametrize("together", [True, False])
def test_a_picture_that_is_not_finite_is_none_and_alone(vae: VaeDecoder, together: bool) -> None:
    some = latents(11)
    some[9] = torch.nan
    decoder = Decoder(vae, CPU, together)
    assert [picture is None for picture in decoder(some)] == [k == 9 for k in range(11)]
    halved = Decoder(vae.half(), CPU, together)
    assert [picture is None for picture in halved(some)] == [k == 9 for k in range(11)]
    assert halved.note == "", "it was no overflow"


def test_an_overflow_that_stays_gives_no_black_picture(vae: VaeDecoder) -> None:  # R23
    with torch.no_grad():
        vae.decoder.conv_in.weight *= 1e38
    assert Decoder(vae, CPU)(latents(2)) == [None, None]
