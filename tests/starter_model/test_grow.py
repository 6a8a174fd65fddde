"""Networks that begin with the weights of smaller ones, and the autoencoder's loss."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from scipy.fft import dctn

from resources.starter_recipe import (
    common,
    dataset,
    export,
    train_text,
    train_tokenizer,
    train_unet,
    train_vae,
)
from resources.starter_recipe.generate import Generator
from resources.starter_recipe.grow import grow_autoencoder, grow_unet
from resources.starter_recipe.reconstruction import (
    KEPT_WEIGHT,
    WAVES,
    Reconstruction,
    texture,
    waves,
)

#: Widths to begin with and to grow to: at the full resolution, and between two others, where a
#: block loses the shortcut that made it wider.
WIDER = [((32, 64, 32), (64, 64, 32)), ((32, 32, 64), (32, 64, 64))]


def test_an_autoencoder_with_more_latents_makes_the_same_pictures() -> None:
    torch.manual_seed(0)
    start = train_vae.build((8, 8), latents=4).eval()
    larger = train_vae.build((8, 8), latents=6).eval()
    grow_autoencoder(larger, start)
    pictures = torch.rand(2, 3, 32, 16) * 2 - 1
    with torch.no_grad():
        before, after = (vae.encode(pictures).latent_dist for vae in (start, larger))
        made = [vae.decode(d.mean).sample for vae, d in ((start, before), (larger, after))]
    assert torch.equal(after.mean[:, :4], before.mean)
    assert torch.equal(after.logvar[:, :4], before.logvar)
    assert after.mean[:, 4:].std() > 0.05
    assert torch.allclose(*made, atol=1e-5)


def _grown(start: tuple[int, ...], wide: tuple[int, ...]) -> list[UNet2DConditionModel]:
    """A small UNet of four latent channels, a wider one of six that grew from it, and an untrained
    one of that size."""
    torch.manual_seed(0)
    small = train_unet.build(start, context=16, latents=4).eval()
    wider, fresh = (train_unet.build(wide, context=16, latents=6).eval() for _ in range(2))
    latents, times = torch.randn(64, 6, 16, 16), torch.randint(1000, (64,))
    grow_unet(wider, small, (latents, times, torch.randn(64, 5, 16)))
    return [small, wider, fresh]


@pytest.mark.parametrize(("start", "wide"), WIDER)
def test_a_wider_unet_predicts_nearly_the_same_noise(
    start: tuple[int, ...], wide: tuple[int, ...]
) -> None:
    networks = _grown(start, wide)
    latents, context = torch.randn(2, 6, 16, 16), torch.randn(2, 5, 16)
    for timestep in (20, 500, 980):
        with torch.no_grad():
            asked, *found = (
                unet(latents[:, : unet.config.in_channels], timestep, context).sample[:, :4]
                for unet in networks
            )
        gaps = [float((asked - noise).square().mean() / asked.square().mean()) for noise in found]
        assert gaps[0] < 0.1 * gaps[1], gaps


@pytest.mark.parametrize(("start", "wide"), WIDER)
def test_channels_of_a_wider_unet_do_not_stay_twins(
    start: tuple[int, ...], wide: tuple[int, ...]
) -> None:
    _small, wider, _fresh = _grown(start, wide)
    noise = wider(torch.randn(2, 6, 16, 16), 500, torch.randn(2, 5, 16)).sample
    torch.autograd.backward(noise.square().mean())
    level = [old != new for old, new in zip(start, wide, strict=True)].index(True)
    slopes = wider.down_blocks[level].resnets[0].conv1.weight.grad
    assert not torch.allclose(slopes[::2], slopes[1::2], rtol=0.05)


def test_a_width_grows_to_twice_as_much_only() -> None:
    small = train_unet.build((32, 32, 64), context=16)
    asked = torch.randn(1, 4, 16, 16), torch.tensor([5]), torch.randn(1, 5, 16)
    with pytest.raises(ValueError, match="32 cannot grow to 48"):
        grow_unet(train_unet.build((32, 48, 64), context=16), small, asked)


def test_waves_are_the_lowest_coefficients_of_each_block() -> None:
    picture = np.random.default_rng(0).uniform(-1, 1, (3, 16, 24))
    (found,) = waves(torch.from_numpy(picture[None]).float()).numpy()
    assert found.shape == (12, 2, 3)
    brightness = picture.sum(axis=0) / np.sqrt(3)
    block = dctn(brightness[8:16, 16:24], norm="ortho")
    for channel, ((down, right), strength) in enumerate(WAVES[0].items()):
        assert np.isclose(found[channel, 1, 2] * strength, block[down, right], atol=1e-5)
    grey = waves(torch.from_numpy(brightness).float().expand(1, 3, 16, 24))
    assert torch.allclose(grey[:, len(WAVES[0]) :], torch.zeros(1), atol=1e-5)


def test_texture_is_as_strong_where_it_is_moved_and_weaker_where_it_is_faded() -> None:
    rng = np.random.default_rng(0)
    pictures = torch.from_numpy(rng.uniform(-1, 1, (1, 3, 64, 64))).float()
    strength = texture(pictures)
    assert strength.shape == (1, 24, 8, 8)
    moved = texture(pictures.roll((8, 16), (2, 3)))
    assert torch.allclose(moved[..., 3:6, 3:6], strength[..., 2:5, 1:4], atol=1e-3)
    assert (texture(0.5 * pictures) < 0.6 * strength).all()


def _loss(objective: Reconstruction, vae: AutoencoderKL, coarse_only: bool = False) -> float:
    """The loss of two random pictures, with the same random numbers each time."""
    torch.manual_seed(1)
    pictures = torch.rand(2, 3, 32, 64) * 2 - 1
    with torch.no_grad():
        return float(objective.loss(vae, pictures, coarse_only=coarse_only))


def test_the_loss_without_fine_channels_does_not_look_at_them() -> None:
    torch.manual_seed(0)
    vae = train_vae.build((8, 8, 8, 8), latents=6).eval()
    losses = []
    for scale in (1.0, 20.0):
        with torch.no_grad():
            vae.post_quant_conv.weight[:, 4:] *= scale
        losses.append([_loss(Reconstruction(), vae, only) for only in (False, True)])
    (fine, coarse), (changed, same) = losses
    assert coarse == same
    assert abs(fine - changed) > 1e-3


def test_a_grown_autoencoder_is_held_to_the_coarse_latents_of_the_smaller_one() -> None:
    torch.manual_seed(0)
    start = train_vae.build((8, 8, 8, 8), latents=4).eval()
    vae = train_vae.build((8, 8, 8, 8), latents=6).eval()
    grow_autoencoder(vae, start)
    for moved in (0.0, 1.0):
        with torch.no_grad():
            vae.quant_conv.bias[3] += moved
        held, free = (_loss(Reconstruction(before), vae) for before in (start, None))
        assert held - free == pytest.approx(KEPT_WEIGHT * moved / 4, abs=0.02)


def test_a_larger_model_grows_from_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two more latent channels, from the command line to a folder that opens."""
    work, folder = tmp_path / "work", tmp_path / "model"
    dataset.render(work, 6, 1)
    monkeypatch.setattr(train_vae, "psnrs", lambda _vae: np.zeros(1))
    shared = ["--work", str(work), "--batch", "2", "--start", str(common.MODEL_FOLDER)]
    for step, own in (
        (train_tokenizer, []),
        (train_text, ["--minutes", "0"]),
        (train_vae, ["--minutes", "0.01", "--latents", "18"]),
        (train_unet, ["--minutes", "0.01", "--samples", "6"]),
    ):
        options = shared[:2] + shared[4:] if step is train_tokenizer else shared
        monkeypatch.setattr("sys.argv", ["step", *options, *own])
        step.main()
    parts = argparse.Namespace(work=work, folder=folder, seed=0, threads=0)
    vae, unet = export.trained_parts(parts)
    assert vae.config.latent_channels == unet.config.in_channels == 18
    assert unet.config.block_out_channels == (64, 128, 128)
    tower, tokenizer = train_text.load_tower(parts), train_tokenizer.load(work)
    export.assemble(vae, tower, tokenizer, unet).save_pretrained(folder)
    assert isinstance(StableDiffusionPipeline.from_pretrained(folder), StableDiffusionPipeline)
    generator = Generator(folder, 2)
    pictures = generator.pictures(generator.noise(2, 0), ["a cat", "a dog"])
    assert pictures.shape == (2, 128, 128, 3)
    assert pictures.std() > 10


@pytest.mark.parametrize(("latents", "often", "held"), [(4, 0.4, True), (6, 0.1, False)])
def test_fine_channels_that_were_there_are_let_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, latents: int, often: float, held: bool
) -> None:
    """New channels are held to waves at first, and two steps in five do without them."""
    dataset.render(tmp_path, 2, 1)
    start, vae = (train_vae.build((8, 8, 8, 8), latents=n) for n in (latents, 6))
    seen: list[dict[str, bool]] = []

    def loss(
        _self: Reconstruction, network: AutoencoderKL, _x: torch.Tensor, **how: bool
    ) -> torch.Tensor:
        seen.append(how)
        return network.quant_conv.bias.square().sum()

    monkeypatch.setattr(Reconstruction, "loss", loss)
    options = argparse.Namespace(
        work=tmp_path, seed=0, threads=1, decoder_only=False, rate=0.01, batch=1, minutes=0.03
    )
    train_vae.train(options, vae, start)
    first = seen[:10]
    assert np.mean([how["coarse_only"] for how in first]) == often
    assert all(how["at_first"] is held for how in first)
