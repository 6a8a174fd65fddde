"""Trains the UNet2DConditionModel on cached latents and prompt embeddings.

Epsilon prediction under SD's schedule with min-SNR-5 weights (Hang et al. 2023), times 1 / √SNR
where noise outweighs the picture (Yu et al. 2023, "Debias the training of diffusion models"): there
it is decided what stands where. Timesteps are stratified, a tenth of the captions is empty, and a
moving average of the weights is kept.
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn

from .common import (
    Progress,
    autocast,
    parser,
    prepare,
    resume,
    save_training,
)
from .graphs import descents
from .grow import grow_unet
from .muon import Pair, ramp
from .reconstruction import COARSE
from .samples import Samples, prepare_samples

CHANNELS = (32, 64, 128)
#: How much it counts, in every third step, that windows a column apart get the same answer, columns
#: near edges apart.
MOVED_WEIGHT, EDGE = 5.0, 3
#: How much the noise of fine channels counts: they carry texture, of which little can be foretold.
FINE_WEIGHT = 0.5


def build(
    channels: tuple[int, ...] = CHANNELS, context: int = 128, latents: int = COARSE
) -> UNet2DConditionModel:
    """The untrained network: one layer a block, attention everywhere but at full resolution."""
    lower = len(channels) - 1
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=latents,
        out_channels=latents,
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


class Diffusion:
    """The forward process and the weighted loss."""

    def __init__(self, device: torch.device) -> None:
        self.alphas = scheduler().alphas_cumprod.to(device)
        ratio = self.alphas / (1 - self.alphas)
        self.weights = ratio.clamp(max=5.0) / ratio * ratio.clamp(max=1.0) ** -0.5

    def draw(self, strips: Tensor) -> tuple[Tensor, Tensor]:
        """Timesteps `[N]`, spread evenly, and noise for strips `[N, C, h, w]`."""
        size = strips.shape[0]
        within = torch.rand(size, device=strips.device)
        slots = (torch.arange(size, device=strips.device) + within) / size
        return (slots * 1000).long().clamp(max=999), torch.randn_like(strips)

    def error(
        self, unet: nn.Module, windows: Tensor, states: Tensor, times: Tensor, noise: Tensor
    ) -> Tensor:
        """The weighted error of the predicted noise."""
        output = self._predict(unet, windows, states, times, noise)
        return (_squares(output, noise) * self.weights[times]).mean()

    def paired_error(
        self, unet: nn.Module, strips: Tensor, states: Tensor, times: Tensor, noise: Tensor
    ) -> Tensor:
        """The weighted error on both windows of each strip, and how far they disagree.

        A picture that is moved by a column should be the same picture. Halving the resolution makes
        networks prefer even columns, so they are told: in terms of z_0, which says what is where.
        """
        both, noises = (torch.cat((x[..., :-1], x[..., 1:])) for x in (strips, noise))
        output = self._predict(unet, both, states.repeat(2, 1, 1), times.repeat(2), noises)
        errors = _squares(output, noises) * self.weights[times].repeat(2)
        left, right = output.chunk(2)
        moved = (left[..., 1 + EDGE : -EDGE] - right[..., EDGE : -EDGE - 1]).square()
        alpha = self.alphas[times]
        in_z0 = ((1 - alpha) / alpha).clamp(max=50.0)
        return errors.mean() + MOVED_WEIGHT * (in_z0 * moved.mean(dim=(1, 2, 3))).mean()

    def noisy(self, windows: Tensor, times: Tensor, noise: Tensor) -> Tensor:
        """The windows `[N, C, h, w]` after so much noise was added."""
        alpha = self.alphas[times].view(-1, 1, 1, 1)
        return alpha.sqrt() * windows + (1 - alpha).sqrt() * noise

    def _predict(
        self, unet: nn.Module, windows: Tensor, states: Tensor, times: Tensor, noise: Tensor
    ) -> Tensor:
        """The noise that the network sees in the windows after so much of it was added."""
        noisy = self.noisy(windows, times, noise)
        with autocast(windows.device):
            output: Tensor = unet(noisy, times, states, return_dict=False)[0]
        return output.float()


def _squares(output: Tensor, noise: Tensor) -> Tensor:
    """The mean square error of each sample `[N]`; that of fine channels, if any, by its weight."""
    squares = (output - noise).square()
    coarse, fine = squares[:, :COARSE], squares[:, COARSE:]
    error = coarse.mean(dim=(1, 2, 3))
    return error + FINE_WEIGHT * fine.mean(dim=(1, 2, 3)) if fine.shape[1] else error


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, step: int) -> None:
    """Moving average over about the last tenth of the steps so far, 2000 at most."""
    keep = min(0.9995, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - keep)


def asked(samples: Samples, seed: int, count: int = 384) -> tuple[Tensor, Tensor, Tensor]:
    """Noisy latents, timesteps in any order, and prompt states to compare networks on."""
    strips, states = samples.batch(count, np.random.default_rng((seed, 6)))
    diffusion = Diffusion(strips.device)
    times, noise = diffusion.draw(strips[..., :-1])
    times = times[torch.randperm(count, device=times.device)]  # layers are fitted on the first few
    return diffusion.noisy(strips[..., :-1], times, noise), times, states


def train(
    options: argparse.Namespace, unet: UNet2DConditionModel, samples: Samples
) -> UNet2DConditionModel:
    """Trains within the budget; returns the averaged network."""
    device = prepare(options)
    unet.to(device)
    if device.type == "cpu":
        # On CPUs the backward pass of the fused attention is seven times slower in bf16.
        unet.set_attn_processor(AttnProcessor())
    average = copy.deepcopy(unet).eval().requires_grad_(False)
    pair = Pair(unet, options.rate, 1e-3, ("conv_in", "conv_out", "time_emb", "attn2.to_k"))
    path = options.work / "unet.pt"
    budget = resume(path, unet, pair, options, average)
    descent = descents(unet, device, options)
    diffusion, progress = Diffusion(device), Progress("unet", 30.0)
    rng = np.random.default_rng((options.seed, budget.step, 5))
    for step, share in budget:
        paired = step % 3 == 2
        strips, states = samples.batch(options.batch // 2 if paired else options.batch, rng)
        strips = strips if paired else strips[..., :-1]
        error = diffusion.paired_error if paired else diffusion.error
        loss = descent.descend(error, strips, states, *diffusion.draw(strips))
        nn.utils.clip_grad_norm_(unet.parameters(), 1.0, foreach=True)
        pair.step(ramp(share))
        update_average(average, unet, step)
        if progress.add(step, share, {"loss": loss}):
            save_training(path, unet, pair, step + 1, budget.spent, average)
    save_training(path, unet, pair, budget.step, budget.spent, average)
    return average


def load_average(work: Path) -> UNet2DConditionModel:
    """The trained network of the work folder."""
    weights = torch.load(work / "unet.pt", weights_only=True)["average"]
    first = [weights[f"down_blocks.{level}.resnets.0.conv1.weight"] for level in range(3)]
    widths = tuple(len(kernels) for kernels in first)
    unet = build(widths, latents=weights["conv_in.weight"].shape[1])
    unet.load_state_dict(weights)
    return unet.eval()


def main() -> None:
    """Command line."""
    command = parser(__doc__)
    command.add_argument("--rate", type=float, default=0.012)
    command.add_argument("--samples", type=int, default=12_000, help="panoramas to encode")
    command.add_argument("--start", type=Path, help="a model folder whose weights to begin with")
    command.add_argument("--widths", type=int, nargs=3, help="default: 32 64 128, or --start's")
    options = command.parse_args()
    samples = prepare_samples(options, prepare(options))
    start = options.start and UNet2DConditionModel.from_pretrained(options.start / "unet")
    widths = options.widths or (start.config.block_out_channels if start else CHANNELS)
    unet = build(tuple(widths), latents=samples.latents.shape[1])
    if start:
        grow_unet(unet, start, asked(samples, options.seed))
    train(options, unet, samples)


if __name__ == "__main__":
    main()
