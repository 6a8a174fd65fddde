"""What is measured: a model, how it is sampled, and the walk that every case draws.

Light to import: the case of the whole program counts the seconds until its first paint.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.conditioning import Array32
from engine.walk import STARTER, Keyframe, NoiseSource, Sampling, Walk

PROMPT = "An high resolution photo of a cat"

_UNET: dict[str, Any] = {
    "sample_size": 64,
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
}
_VAE: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "sample_size": 512,
}
_TEXT = {
    "vocab_size": 49408,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
}
_SCHEDULER = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}


@dataclass(frozen=True, slots=True)
class Workload:
    """A model folder, and how its pictures are drawn. `downscale` is pixels per latent column."""

    name: str
    folder: str
    sampling: Sampling
    downscale: int
    device: str = ""
    precision: str = ""

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape [C, h, w] of its latents."""
        s, scale = self.sampling, self.downscale
        config = json.loads((Path(self.folder) / "vae" / "config.json").read_text("utf-8"))
        return config.get("latent_channels", 4), s.height // scale, s.width // scale

    def latents(self, walk: Walk) -> Array32:
        """The initial latents of all of a walk's frames: [N, C, h, w]."""
        from engine.conditioning import Conditioning
        from engine.geometry.noise import NoiseBank
        from engine.geometry.walk_path import WalkPath, prompts_of

        bank = NoiseBank(self.shape)
        path = WalkPath(walk, bank, dict.fromkeys(prompts_of(walk), Conditioning({})))
        return np.stack([path.latent(walk.time_of(k)) for k in range(walk.frames)])


def make_walk(frames: int, seed: int = 1) -> Walk:
    """A walk between two draws of one prompt, as in the article."""
    ends = tuple(Keyframe(PROMPT, NoiseSource(seed, draw)) for draw in (0, 1))
    return Walk(keyframes=ends, frames=frames)


def starter(folder: str = "") -> Workload:
    """The model that ships with the program, at its own defaults; or another one like it."""
    from engine.models.locate import locate

    path = Path(folder) if folder else locate(STARTER, half=False, progress=lambda *_: None)
    hints = json.loads((path / "starter.json").read_text("utf-8"))
    sampling = Sampling(hints["steps"], hints["guidance"], hints["width"], hints["height"])
    return Workload("starter", str(path), sampling, _downscale(path))


def sd14_config(work: Path, device: str = "", precision: str = "", steps: int = 30) -> Workload:
    """Stable Diffusion 1.4's configuration with random weights, which take the same time."""
    folder = work / "sd14-config"
    if not folder.exists():
        _build_sd14(work / "building", precision or "float32")
        shutil.move(work / "building", folder)
    sampling = Sampling(steps=steps, guidance=7.5, width=512, height=512)
    return Workload("sd14-config", str(folder), sampling, 8, device, precision)


def _downscale(folder: Path) -> int:
    config = json.loads((folder / "vae" / "config.json").read_text("utf-8"))
    return int(2 ** (len(config["block_out_channels"]) - 1))


def _build_sd14(folder: Path, precision: str) -> None:
    import torch
    from diffusers import (
        AutoencoderKL,
        DPMSolverMultistepScheduler,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel

    from tests.support.tiny_models import make_tokenizer

    torch.manual_seed(0)
    make_tokenizer(folder / "tokenizer")
    from transformers import CLIPTokenizer

    pipe = StableDiffusionPipeline(
        vae=AutoencoderKL(**_VAE),
        text_encoder=CLIPTextModel(CLIPTextConfig(**_TEXT)),
        tokenizer=CLIPTokenizer.from_pretrained(folder / "tokenizer"),
        unet=UNet2DConditionModel(**_UNET),
        scheduler=DPMSolverMultistepScheduler(**_SCHEDULER),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.to(dtype=getattr(torch, precision)).save_pretrained(folder)


def shortened(workload: Workload, steps: int, side: int) -> Workload:
    """The same model, drawing smaller pictures in fewer steps."""
    sampling = replace(workload.sampling, steps=steps, width=side, height=side)
    return replace(workload, name=f"{workload.name}, {side}², {steps} steps,", sampling=sampling)
