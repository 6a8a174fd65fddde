"""Trains the AutoencoderKL: factor 8, 4 channels, latents smooth enough to be learnt well.

Smooth comes from the KL term, from an anchor (the coarse part of three channels is the local mean
colour, so latents are a small picture of the picture; detail rides on top and in the fourth), and
from a share of steps that halve the latents and ask for the halved picture (EQ-VAE, Kouzelis et al.
2025). With `--decoder-only` the
encoder, and with it every cached latent, stays as it is while the decoder is trained on.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from .common import (
    HELD_OUT_SEED,
    Progress,
    autocast,
    parser,
    prepare,
    resume,
    save_training,
)
from .dataset import held_out
from .graphs import descents
from .muon import Pair, ramp
from .pictures import GrowingPictures, Pictures, open_pictures, to_tensor
from .vocabulary import PICTURE_SIZE

#: Decoding is 7 % of a frame.
CHANNELS = (16, 32, 64, 128)
KL_WEIGHT = 3e-4
ANCHOR_WEIGHT = 0.05
ANCHOR_SCALE = 2.0
#: How much it counts that texture is as strong as it should be, wherever its waves stand. Without
#: it encoder and decoder each wait for the other to begin with texture.
TEXTURE_WEIGHT = 1.0
#: Pixels across a crop. In three steps of four, 8 at each side are encoded only.
WIDTH = 64
#: Panoramas to begin with while others are drawn, and steps after which to look for more.
ENOUGH, GROW_EVERY = 2000, 50


def build(channels: tuple[int, ...] = CHANNELS) -> AutoencoderKL:
    """The untrained autoencoder, its posterior narrow from the start."""
    levels = len(channels)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=channels,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        mid_block_add_attention=False,
        sample_size=128,
        scaling_factor=1.0,
    )
    with torch.no_grad():
        vae.quant_conv.bias[4:] = -5.0
        vae.quant_conv.weight[4:] *= 0.1
    return vae


def picture_loss(output: Tensor, target: Tensor) -> Tensor:
    """L1, squares, L1 of the gradients (crispness), and L1 at two coarser scales.

    Squares weigh more than L1 at wrong edges, and it is they that PSNR counts.
    """
    loss = functional.l1_loss(output, target) + 8 * functional.mse_loss(output, target)
    loss = loss + functional.l1_loss(output.diff(dim=2), target.diff(dim=2))
    loss = loss + functional.l1_loss(output.diff(dim=3), target.diff(dim=3))
    for scale in (2, 4):
        loss = loss + 0.5 * functional.l1_loss(
            functional.avg_pool2d(output, scale), functional.avg_pool2d(target, scale)
        )
    return loss


def texture(pictures: Tensor) -> Tensor:
    """How strong texture is around each place: `[N, 3, H, W]` to `[N, 24, H/8, W/8]`.

    The root mean square of differences in four directions, between pixels and between pairs of
    them.
    """
    strengths = []
    for scale in (1, 2):
        level = functional.avg_pool2d(pictures, scale)
        inner = level[..., :-1, 1:-1]
        for rows, columns in ((0, 2), (1, 0), (1, 1), (1, 2)):
            height, width = inner.shape[-2:]
            moved = level[..., rows : rows + height, columns : columns + width]
            padded = functional.pad((moved - inner).square(), (1, 1, 0, 1))
            strengths.append((functional.avg_pool2d(padded, 8 // scale) + 1e-4).sqrt())
    return torch.cat(strengths, dim=1)


def step_loss(
    vae: AutoencoderKL, pictures: Tensor, halve: bool = False, whole: bool = False
) -> Tensor:
    """The loss of one step; `halve` asks for the halved picture from the halved latents.

    Unless `whole`, the outer columns are encoded and not decoded: pictures are windows of
    panoramas' latents, which know nothing of a window's edge. A picture that is encoded by itself
    has edges.
    """
    with autocast(pictures.device):
        posterior = vae.encode(pictures).latent_dist
        latents, inner = posterior.sample(), pictures
        if not whole:
            latents, inner = latents[..., 1:-1], inner[..., 8:-8]
        coarse = functional.avg_pool2d(posterior.mean[:, :3], 2)
        anchor = functional.mse_loss(coarse, ANCHOR_SCALE * functional.avg_pool2d(pictures, 16))
        if halve:
            latents, inner = functional.avg_pool2d(latents, 2), functional.avg_pool2d(inner, 2)
        output = vae.decode(latents).sample.float()
        kl = 0.5 * (posterior.mean**2 + posterior.var - 1 - posterior.logvar).mean()
        strength = functional.l1_loss(texture(output), texture(inner))
        loss = picture_loss(output, inner) + TEXTURE_WEIGHT * strength
        return loss + KL_WEIGHT * kl + ANCHOR_WEIGHT * anchor


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
    """Folds mean 0 and standard deviation 1 of each latent channel into the 1×1 convolutions.

    The pictures stay the same; diffusion starts from noise that looks like its latents' scale.
    """
    latents = torch.cat([vae.encode(part).latent_dist.mean for part in torch.split(pictures, 16)])
    mean, std = latents.mean(dim=(0, 2, 3)), latents.std(dim=(0, 2, 3))
    encoder, decoder = vae.quant_conv, vae.post_quant_conv
    encoder.bias[:4] = (encoder.bias[:4] - mean) / std
    encoder.weight[:4] /= std.view(4, 1, 1, 1)
    encoder.bias[4:] -= 2 * std.log()
    decoder.bias += (decoder.weight[:, :, 0, 0] @ mean.unsqueeze(1)).squeeze(1)
    decoder.weight *= std.view(1, 4, 1, 1)


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
    vae = build()
    vae.load_state_dict(torch.load(next(p for p in paths if p.exists()), weights_only=True))
    return vae.eval()


def train(options: argparse.Namespace, vae: AutoencoderKL) -> AutoencoderKL:
    """Trains within the budget, from the checkpoint where there is one."""
    device = prepare(options)
    name = "vae-decoder" if options.decoder_only else "vae"
    path = options.work / f"{name}.pt"
    if options.decoder_only:
        vae.load_state_dict(load_final(options.work, refined=False).state_dict())
    layout = torch.channels_last if device.type == "cuda" else torch.contiguous_format
    vae.to(device, memory_format=layout)
    if options.decoder_only:
        vae.encoder.requires_grad_(False)
        vae.quant_conv.requires_grad_(False)
    pair = Pair(vae, options.rate, 2e-3, ("conv_in", "conv_out", "quant_conv"))
    budget = resume(path, vae, pair, options)
    source = _open(options.work, device)
    progress, rng = Progress(name), np.random.default_rng((options.seed, budget.step))
    descent = descents(vae, device, options)
    for step, share in budget:
        if step % GROW_EVERY == 0 and isinstance(source, GrowingPictures):
            source.grow()
        pictures = source.crops(options.batch, WIDTH, rng).contiguous(memory_format=layout)
        halve = step % 6 == 5 and not options.decoder_only
        how = partial(step_loss, halve=halve, whole=step % 4 == 3)
        loss = descent.descend(how, pictures)
        pair.step(ramp(share, hold=0.1))
        if progress.add(step, share, {"loss": loss}):
            save_training(path, vae, pair, step + 1, budget.spent)
    save_training(path, vae, pair, budget.step, budget.spent)
    finish(options, vae, name, source, trained=budget.step > 0)
    return vae


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
    options = command.parse_args()
    prepare(options)
    vae = build()
    if options.start:
        vae.load_state_dict(AutoencoderKL.from_pretrained(options.start / "vae").state_dict())
    train(options, vae)
    print(f"vae: {psnrs(vae).mean():.2f} dB on held-out pictures", flush=True)


if __name__ == "__main__":
    main()
