"""Trains the AutoencoderKL: factor 8, 4 channels or more, latents smooth enough to be learnt well.

Smooth comes from the KL term, from an anchor (the coarse part of three channels is the local mean
colour, so latents are a small picture of the picture; detail rides on top and in the others), and
from a share of steps that halve the latents and ask for the halved picture (EQ-VAE, Kouzelis et al.
2025). With `--decoder-only` the encoder, and with it every cached latent, stays as it is while the
decoder is trained on. With `--latents` there are fine channels for texture, and two steps in five,
later one, ask for the picture without them; one in ten where they were there from the start.
"""

from __future__ import annotations

import argparse
import functools
import time
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor

from .common import (
    HELD_OUT_SEED,
    Progress,
    parser,
    prepare,
    resume,
    save_training,
)
from .dataset import COLUMN, held_out
from .graphs import descents
from .grow import grow_autoencoder
from .muon import Pair, ramp
from .pictures import GrowingPictures, Pictures, open_pictures, to_tensor
from .reconstruction import COARSE, Reconstruction
from .vocabulary import PICTURE_SIZE

#: Decoding is 7 % of a frame.
CHANNELS = (16, 32, 64, 128)
#: The part of the training in which fine channels are held to waves.
AT_FIRST = 0.25
#: The part of the training after which fewer steps do without the fine channels.
MOSTLY = 0.6
#: Standard deviation of fine latents. Being fainter, they are decided once the coarse ones stand.
FINE_STD = 2 / 3
#: Latent columns at each side of a window that are encoded only, from step to step: up to those of
#: whole panoramas, and none for pictures that are encoded by themselves.
BESIDE = (1, 3, 5, 0)
#: Panoramas to begin with while others are drawn, and steps after which to look for more.
ENOUGH, GROW_EVERY = 2000, 50


def build(channels: tuple[int, ...] = CHANNELS, latents: int = COARSE) -> AutoencoderKL:
    """The untrained autoencoder, its posterior narrow from the start."""
    levels = len(channels)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=channels,
        layers_per_block=1,
        latent_channels=latents,
        norm_num_groups=4,
        mid_block_add_attention=False,
        sample_size=128,
        scaling_factor=1.0,
    )
    with torch.no_grad():
        vae.quant_conv.bias[latents:] = -5.0
        vae.quant_conv.weight[latents:] *= 0.1
    return vae


@torch.no_grad()
def psnrs(vae: AutoencoderKL, count: int = 64, seed: int = HELD_OUT_SEED) -> NDArray[np.float64]:
    """PSNR in dB of the reconstruction of each of some whole held-out pictures."""
    device = next(vae.parameters()).device
    pictures = to_tensor(held_out(range(seed, seed + count))[0])
    errors = []
    for part in torch.split(pictures, 16):
        latents = vae.encode(part.to(device)).latent_dist.mean
        output = vae.decode(latents).sample.clamp(-1, 1).float().cpu()
        errors.append(((output - part) / 2).square().mean(dim=(1, 2, 3)))
    return (-10 * torch.cat(errors).log10()).double().numpy()


@torch.no_grad()
def standardise(vae: AutoencoderKL, pictures: Tensor) -> None:
    """Folds mean 0 and standard deviation 1, or `FINE_STD`, of each latent channel into the 1×1
    convolutions.

    The pictures stay the same; diffusion starts from noise that looks like its latents' scale.
    """
    latents = torch.cat([vae.encode(part).latent_dist.mean for part in torch.split(pictures, 16)])
    mean, std = latents.mean(dim=(0, 2, 3)), latents.std(dim=(0, 2, 3))
    std[COARSE:] /= FINE_STD
    encoder, decoder = vae.quant_conv, vae.post_quant_conv
    count = len(std)
    encoder.bias[:count] = (encoder.bias[:count] - mean) / std
    encoder.weight[:count] /= std.view(-1, 1, 1, 1)
    encoder.bias[count:] -= 2 * std.log()
    decoder.bias += (decoder.weight[:, :, 0, 0] @ mean.unsqueeze(1)).squeeze(1)
    decoder.weight *= std.view(1, -1, 1, 1)


def finish(
    options: argparse.Namespace, vae: AutoencoderKL, name: str, pictures: Pictures, trained: bool
) -> None:
    """Writes the network that the next steps load; one that was not trained on stays as it was."""
    vae.eval()
    if name == "vae" and trained:
        standardise(vae, pictures.crops(128, PICTURE_SIZE, np.random.default_rng(options.seed)))
    torch.save(vae.state_dict(), options.work / f"{name}-final.pt")


def load_final(work: Path, refined: bool = True) -> AutoencoderKL:
    """The finished autoencoder, with the refined decoder if there is one."""
    paths = [work / "vae-final.pt"]
    if refined:
        paths.insert(0, work / "vae-decoder-final.pt")
    weights = torch.load(next(p for p in paths if p.exists()), weights_only=True)
    vae = build(latents=weights["post_quant_conv.weight"].shape[1])
    vae.load_state_dict(weights)
    return vae.eval()


def train(
    options: argparse.Namespace, vae: AutoencoderKL, start: AutoencoderKL | None = None
) -> AutoencoderKL:
    """Trains within the budget, from the checkpoint where there is one. The coarse latents of
    `start` are kept. `--decoder-only` takes the finished autoencoder in place of `vae`."""
    device = prepare(options)
    name = "vae-decoder" if options.decoder_only else "vae"
    path = options.work / f"{name}.pt"
    if options.decoder_only:
        vae = load_final(options.work, refined=False)
    layout = torch.channels_last if device.type == "cuda" else torch.contiguous_format
    vae.to(device, memory_format=layout)
    if options.decoder_only:
        vae.encoder.requires_grad_(False)
        vae.quant_conv.requires_grad_(False)
    pair = Pair(vae, options.rate, 2e-3, ("conv_in", "conv_out", "quant_conv"))
    budget = resume(path, vae, pair, options)
    fine, objective = vae.config.latent_channels > COARSE, Reconstruction(start)
    learnt = options.decoder_only or _knows_its_channels(vae, start)
    progress, rng = Progress(name), np.random.default_rng((options.seed, budget.step))
    source, descent = _open(options.work, device), descents(vae, device, options)
    for step, share in budget:
        if step % GROW_EVERY == 0 and isinstance(source, GrowingPictures):
            source.grow()
        beside = BESIDE[step % len(BESIDE)]
        pictures = _windows(source, options.batch, beside, rng).contiguous(memory_format=layout)
        how = functools.partial(
            objective.loss,
            at_first=share < AT_FIRST and not learnt,
            halve=step % 6 == 5 and not options.decoder_only,
            beside=beside,
            coarse_only=fine and step % 10 in _without_fine(share, learnt),
        )
        loss = descent.descend(how, pictures)
        pair.step(ramp(share, hold=0.1))
        if progress.add(step, share, {"loss": loss}):
            save_training(path, vae, pair, step + 1, budget.spent)
    save_training(path, vae, pair, budget.step, budget.spent)
    finish(options, vae, name, source, trained=budget.step > 0)
    return vae


def _windows(source: Pictures, count: int, beside: int, rng: np.random.Generator) -> Tensor:
    """Windows with so many latent columns more at each side."""
    return source.crops(count, PICTURE_SIZE + 2 * COLUMN * beside, rng)


def _knows_its_channels(vae: AutoencoderKL, start: AutoencoderKL | None) -> bool:
    """True if the autoencoder it began with has as many latent channels."""
    return start is not None and start.config.latent_channels == vae.config.latent_channels


def _without_fine(share: float, learnt: bool) -> tuple[int, ...]:
    """Which of ten steps do without the fine channels; once these are learnt, few."""
    if learnt:
        return (1,)
    return (1, 3, 6, 8) if share < MOSTLY else (1, 6)


def _open(work: Path, device: torch.device) -> Pictures:
    """The training set; while it is being drawn, as much of it as there is, once that is enough."""
    if (work / "panoramas.npy").exists():
        return open_pictures(work, device)
    while True:
        source = GrowingPictures(work, device)
        if len(source) >= ENOUGH:
            return source
        time.sleep(1.0)


def main() -> None:
    """Command line."""
    command = parser(__doc__)
    command.add_argument("--decoder-only", action="store_true")
    command.add_argument("--rate", type=float, default=0.018)
    command.add_argument("--start", type=Path, help="a model folder whose weights to begin with")
    command.add_argument("--latents", type=int, help="default: 4, or those of --start")
    options = command.parse_args()
    device = prepare(options)
    kept: AutoencoderKL | None = None
    if options.start and not options.decoder_only:
        start = AutoencoderKL.from_pretrained(options.start / "vae")
        vae = build(latents=options.latents or start.config.latent_channels)
        grow_autoencoder(vae, start)
        if vae.config.latent_channels > COARSE:
            kept = start.to(device).eval().requires_grad_(False)
    else:
        vae = build(latents=options.latents or COARSE)
    vae = train(options, vae, kept)
    print(f"vae: {psnrs(vae).mean():.2f} dB on held-out pictures", flush=True)


if __name__ == "__main__":
    main()
