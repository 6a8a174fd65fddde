"""Trains the UNet2DConditionModel on cached latents and prompt embeddings.

Panoramas are encoded once; a training sample is a 16-column window of one, so that things enter and
leave and a shifted latent means a shifted picture. Epsilon prediction under SD's schedule with
min-SNR-5 weights (Hang et al. 2023), stratified timesteps, a tenth of the captions empty, and a
moving average of the weights.
"""

from __future__ import annotations

import argparse
import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from .captions import caption
from .common import Budget, Progress, autocast, load_checkpoint, parser, prepare, save_checkpoint
from .dataset import attributes_of, open_panoramas
from .muon import Pair, ramp
from .replicas import Replicas
from .scenes import window_offset
from .train_text import load_tower
from .train_tokenizer import MAX_LENGTH, load
from .train_vae import load_final, to_tensor

CHANNELS = (32, 64, 128)
CAPTIONS_PER_PICTURE = 3
EMPTY_SHARE = 0.1
#: Latent columns of a panorama, and of two windows of which one stands a column further right.
PANORAMA, STRIP = 32, 17
#: How much it counts that such windows get the same answer, columns near their edges apart.
MOVED_WEIGHT, EDGE = 1.0, 3
#: How many samples have noise that is too strong, and by how much at most.
STRONGER_SHARE, STRONGEST = 0.4, 0.3


def build(channels: tuple[int, ...] = CHANNELS, context: int = 128) -> UNet2DConditionModel:
    """The untrained network: one layer a block, attention everywhere but at full resolution."""
    lower = len(channels) - 1
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * lower,
        up_block_types=("CrossAttnUpBlock2D",) * lower + ("UpBlock2D",),
        block_out_channels=channels,
        layers_per_block=1,
        cross_attention_dim=context,
        attention_head_dim=4,
        norm_num_groups=16,
    )


def scheduler() -> DPMSolverMultistepScheduler:
    """SD 1.4's noise schedule with the solver that the program starts with."""
    return DPMSolverMultistepScheduler.from_config(
        {
            "num_train_timesteps": 1000,
            "beta_start": 0.00085,
            "beta_end": 0.012,
            "beta_schedule": "scaled_linear",
            "prediction_type": "epsilon",
            "algorithm_type": "dpmsolver++",
            "solver_order": 2,
            "steps_offset": 1,
            "clip_sample": False,
            "set_alpha_to_one": False,
        }
    )


@torch.no_grad()
def encode_panoramas(vae: AutoencoderKL, panoramas: NDArray[np.uint8], path: Path) -> Tensor:
    """Posterior means `[N, 4, 16, 32]`, float16, cached in the work folder."""
    if path.exists():
        cached: Tensor = torch.load(path, weights_only=True)
        return cached
    parts = []
    for start in range(0, panoramas.shape[0], 32):
        pictures = to_tensor(panoramas[start : start + 32]).to(vae.device)
        parts.append(vae.encode(pictures).latent_dist.mean.half().cpu())
        if start % 1600 == 0:
            print(f"latents: {start}/{panoramas.shape[0]}", flush=True)
    latents = torch.cat(parts)
    torch.save(latents, path)
    return latents


@torch.no_grad()
def embed(tokenizer: CLIPTokenizer, tower: CLIPTextModel, texts: list[str]) -> Tensor:
    """Hidden states `[N, 77, C]` as the pipeline computes them."""
    tokens = tokenizer(
        texts, padding="max_length", max_length=MAX_LENGTH, truncation=True, return_tensors="pt"
    )
    states: Tensor = tower(input_ids=tokens.input_ids.to(tower.device)).last_hidden_state
    return states


@dataclass(slots=True)
class Samples:
    """Where batches come from: scaled latents `[N, 4, 16, 32]` and their captions' states."""

    latents: Tensor
    states: Tensor
    empty: Tensor

    def batch(self, size: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Strips of two windows each, `[B, 4, 16, 17]`, and prompt states `[B, 77, C]`."""
        chosen = rng.integers(0, self.latents.shape[0], size)
        strips = []
        for index in chosen:
            start = min(window_offset(rng), PANORAMA - STRIP)
            strips.append(self.latents[index, :, :, start : start + STRIP])
        variants = rng.integers(0, CAPTIONS_PER_PICTURE, size)
        states = self.states[chosen, variants].float()
        states[torch.from_numpy(rng.uniform(size=size) < EMPTY_SHARE)] = self.empty
        return torch.stack(strips).float(), states


def prepare_samples(options: argparse.Namespace, device: torch.device) -> Samples:
    """Encodes pictures and captions, once."""
    vae = load_final(options.work, refined=False).to(device)
    panoramas = open_panoramas(options.work)[: options.samples]
    latents = encode_panoramas(vae, panoramas, options.work / "latents.pt")
    factor = 1.0 / float(latents.float().std())
    torch.save({"scaling_factor": factor}, options.work / "scaling.pt")
    tokenizer, tower = load(options.work), load_tower(options).to(device)
    path = options.work / "states.pt"
    if path.exists():
        states: Tensor = torch.load(path, weights_only=True)
    else:
        states = _caption_states(tokenizer, tower, panoramas.shape[0], options.seed)
        torch.save(states, path)
    empty = embed(tokenizer, tower, [""])[0].cpu()
    print(f"samples: scaling factor {factor:.4f}", flush=True)
    return Samples((latents.float() * factor).half(), states, empty)


def _caption_states(
    tokenizer: CLIPTokenizer, tower: CLIPTextModel, count: int, seed: int
) -> Tensor:
    rng = np.random.default_rng((seed, 4))
    parts = []
    for start in range(0, count, 64):
        attributes = [attributes_of(i) for i in range(start, min(start + 64, count))]
        texts = [caption(a, rng) for a in attributes for _ in range(CAPTIONS_PER_PICTURE)]
        states = embed(tokenizer, tower, texts).half().cpu()
        parts.append(states.view(len(attributes), CAPTIONS_PER_PICTURE, *states.shape[1:]))
    return torch.cat(parts)


class Diffusion:
    """The forward process and the weighted loss."""

    def __init__(self, device: torch.device) -> None:
        self.alphas = scheduler().alphas_cumprod.to(device)
        ratio = self.alphas / (1 - self.alphas)
        self.weights = ratio.clamp(max=5.0) / ratio

    def loss(self, unet: nn.Module, strips: Tensor, states: Tensor) -> Tensor:
        """Min-SNR-5 weighted error of the predicted noise, timesteps stratified."""
        return self.error(unet, strips, states, *self.draw(strips))

    def draw(self, strips: Tensor) -> tuple[Tensor, Tensor]:
        """Timesteps `[N]` and noise for strips `[N, C, h, w]`, some of it stronger than it should.

        In sampling, the errors of earlier steps are noise that the schedule knows nothing of; who
        never saw any takes it for content.
        """
        size = strips.shape[0]
        within = torch.rand(size, device=strips.device)
        slots = (torch.arange(size, device=strips.device) + within) / size
        times = (slots * 1000).long().clamp(max=999)
        excess = STRONGEST * torch.rand(size, device=strips.device)
        excess *= torch.rand(size, device=strips.device) < STRONGER_SHARE
        return times, (1 + excess).view(-1, 1, 1, 1) * torch.randn_like(strips)

    def error(
        self, unet: nn.Module, strips: Tensor, states: Tensor, times: Tensor, noise: Tensor
    ) -> Tensor:
        """The weighted error on both windows of each strip, and how far they disagree.

        A picture that is moved by a column should be the same picture. Halving the resolution makes
        networks prefer even columns, so they are told: in terms of z_0, which says what is where.
        """
        alpha = self.alphas[times].view(-1, 1, 1, 1)
        noisy = alpha.sqrt() * strips + (1 - alpha).sqrt() * noise
        both = torch.cat((noisy[..., :-1], noisy[..., 1:]))
        with autocast(strips.device):
            output = unet(both, times.repeat(2), states.repeat(2, 1, 1), return_dict=False)[0]
        left, right = output.float().chunk(2)
        errors = (left - noise[..., :-1]).square() + (right - noise[..., 1:]).square()
        moved = (left[..., 1 + EDGE : -EDGE] - right[..., EDGE : -EDGE - 1]).square()
        in_z0 = ((1 - alpha) / alpha).flatten().clamp(max=50.0)
        loss = 0.5 * errors.mean(dim=(1, 2, 3)) * self.weights[times]
        return (loss + MOVED_WEIGHT * in_z0 * moved.mean(dim=(1, 2, 3))).mean()


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, step: int) -> None:
    """Moving average over about the last tenth of the steps so far, 500 at most."""
    keep = min(0.998, (1 + step) / (10 + step))
    for old, new in zip(average.parameters(), model.parameters(), strict=True):
        old.lerp_(new, 1 - keep)


def train(
    options: argparse.Namespace, unet: UNet2DConditionModel, samples: Samples
) -> UNet2DConditionModel:
    """Trains within the budget; returns the averaged network."""
    device = prepare(options)
    unet.to(device)
    average = copy.deepcopy(unet).eval().requires_grad_(False)
    pair = Pair(unet, options.rate, 1e-3, ("conv_in", "conv_out", "time_emb", "attn2.to_k"))
    path = options.work / "unet.pt"
    state = load_checkpoint(path)
    if state is not None:
        unet.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        pair.load_state_dict(state["pair"])
    budget = Budget(options.minutes, *((state["step"], state["spent"]) if state else ()))
    replicas = Replicas(unet, options.threads if device.type == "cpu" and options.threads else 1)
    diffusion, progress = Diffusion(device), Progress("unet", 30.0)
    rng = np.random.default_rng((options.seed, budget.step, 5))
    for step, share in budget:
        strips, states = samples.batch(max(1, options.batch // 2), rng)
        strips, states = strips.to(device), states.to(device)
        loss = replicas.descend(diffusion.error, strips, states, *diffusion.draw(strips))
        nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        pair.step(ramp(share))
        update_average(average, unet, step)
        if progress.add(step, share, {"loss": loss}):
            save_checkpoint(path, _state(unet, average, pair, step + 1, budget.spent))
    save_checkpoint(path, _state(unet, average, pair, budget.step, budget.spent))
    return average


def _state(
    unet: nn.Module, average: nn.Module, pair: Pair, step: int, spent: float
) -> dict[str, Any]:
    return {
        "model": unet.state_dict(),
        "average": average.state_dict(),
        "pair": pair.state_dict(),
        "step": step,
        "spent": spent,
    }


def main() -> None:
    """Command line."""
    command = parser(__doc__)
    command.add_argument("--rate", type=float, default=0.012)
    command.add_argument("--samples", type=int, default=2600, help="panoramas to encode")
    options = command.parse_args()
    train(options, build(), prepare_samples(options, prepare(options)))


if __name__ == "__main__":
    main()
