"""Models with random weights that are made on the device: for diffusers' pipeline and this engine.

Nothing is written or read but a small tokenizer, so that a large model is there in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.conditioning import Array32
from engine.models.families.contract import families
from engine.models.loaded import DiffusionModel, ModelCard
from engine.models.networks.tokens import TokenCounter
from engine.models.parts import Parts
from engine.models.schedules.scheduler_config import pipeline_config
from engine.walk import Sampling

_SCHEDULERS = {"SD 1.x": "DPMSolverMultistepScheduler", "SDXL": "EulerDiscreteScheduler"}
#: Networks of the same layers that a CPU runs in a moment, for a test of this script.
_SMALL: dict[str, Any] = {
    "unet": {"block_out_channels": [32, 64], "layers_per_block": 1, "norm_num_groups": 8},
    "vae": {"block_out_channels": [16, 16, 16, 16], "norm_num_groups": 8},
}
_SMALL_BLOCKS = {
    "SD 1.x": (["CrossAttnDownBlock2D", "DownBlock2D"], ["UpBlock2D", "CrossAttnUpBlock2D"]),
    "SDXL": (["DownBlock2D", "CrossAttnDownBlock2D"], ["CrossAttnUpBlock2D", "UpBlock2D"]),
}


@dataclass(frozen=True, slots=True)
class RandomModel:
    """The networks of a kind of model on a device, as diffusers and transformers make them."""

    kind: str
    configs: dict[str, Any]
    networks: dict[str, Any]
    tokenizer: Path
    sampling: Sampling
    device: torch.device
    dtype: torch.dtype

    @property
    def scheduler(self) -> tuple[str, dict[str, Any]]:
        """The class and config of its scheduler."""
        _, layout = _family(self.kind)
        name = _SCHEDULERS[self.kind]
        schedule = {**pipeline_config(name, layout.schedule), "steps_offset": 1}
        return name, schedule

    def latents(self, count: int, seed: int = 0) -> Array32:
        """Initial latents [count, 4, h, w] of unit variance."""
        s = self.sampling
        drawn = np.random.default_rng(seed).standard_normal(
            (count, 4, s.height // 8, s.width // 8), np.float32
        )
        return drawn

    def pipeline(self) -> Any:
        """Diffusers' pipeline of these networks."""
        import diffusers
        from transformers import CLIPTokenizer

        tokenizer = CLIPTokenizer.from_pretrained(self.tokenizer)
        name, schedule = self.scheduler
        parts = {"tokenizer": tokenizer, **self.networks}
        parts["scheduler"] = getattr(diffusers, name)(**schedule)
        if self.kind == "SDXL":
            pipe = diffusers.StableDiffusionXLPipeline(tokenizer_2=tokenizer, **parts)
        else:
            checker = {"safety_checker": None, "feature_extractor": None}
            pipe = diffusers.StableDiffusionPipeline(
                **parts, **checker, requires_safety_checker=False
            )
        pipe.set_progress_bar_config(disable=True)
        return pipe

    @property
    def family(self) -> Any:
        """This engine's family of the model."""
        kind, _ = _family(self.kind)
        return kind({**self.configs, "scheduler": self.scheduler[1]})

    def engine_parts(self) -> dict[str, Any]:
        """This engine's networks with the same weights, and its tokenizers."""
        family, parts = self.family, dict[str, Any]()
        for part, network in self.networks.items():
            # A copy: the engine arranges its weights anew.
            state = {key: tensor.clone() for key, tensor in network.state_dict().items()}
            parts[part] = family.build(part, self.configs[part], state).to(self.device)
        for part in family.tokenizers:
            parts[part] = TokenCounter(self.tokenizer)
        return parts

    def engine_model(self, parts: Mapping[str, Any] | None = None) -> DiffusionModel:
        """This engine's model with these parts, or new ones."""
        name, schedule = self.scheduler
        family, parts = self.family, parts or self.engine_parts()
        weights = sum(p.numel() for p in self.networks["unet"].parameters())
        card = ModelCard(
            identity=f"random {self.kind}",
            name=self.kind,
            location="random",
            scheduler_class=name,
            scheduler_config={**schedule, **family.scheduler_options()},
            default_sampling=self.sampling,
            weights=weights,
        )
        opened = Parts({part: partial(_given, network) for part, network in parts.items()})
        for part in parts:
            _ = opened[part]
        return DiffusionModel(card, family, opened, self.device, self.dtype)


def make_random(
    kind: str, device: torch.device, dtype: torch.dtype, work: Path, small: bool = False
) -> RandomModel:
    """The model of a kind, "SD 1.x" or "SDXL", at its published size or a `small` one."""
    from diffusers import AutoencoderKL, UNet2DConditionModel

    from tests.support.tiny_models import make_tokenizer

    _, layout = _family(kind)
    configs = {name: dict(config) for name, config in layout.configs.items()}
    # The published VAE of SDXL overflows float16, and random weights do not: both sides use half.
    configs["vae"] = {**configs["vae"], "force_upcast": False}
    if small:
        configs = _shrunk(kind, configs)
    torch.manual_seed(0)
    with torch.device(device):
        networks: dict[str, Any] = {
            "unet": UNet2DConditionModel.from_config(configs["unet"]),
            "vae": AutoencoderKL.from_config(configs["vae"]),
            **{name: _text(config) for name, config in configs.items() if "text" in name},
        }
    for network in networks.values():
        network.to(dtype).eval().requires_grad_(False)
    side = 64 if small else 8 * int(configs["unet"]["sample_size"])
    sampling = Sampling(steps=4 if small else 30, guidance=7.5, width=side, height=side)
    folder = make_tokenizer(work / "tokenizer")
    return RandomModel(kind, configs, networks, folder, sampling, device, dtype)


def _given(part: Any) -> Any:
    return part


def _family(kind: str) -> tuple[Any, Any]:
    family = families.get("sdxl" if kind == "SDXL" else "stable-diffusion")
    return family, family.layouts[kind]


def _text(config: dict[str, Any]) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    kind = CLIPTextModelWithProjection if "projection_dim" in config else CLIPTextModel
    return kind(CLIPTextConfig.from_dict(config))


def _shrunk(kind: str, configs: dict[str, Any]) -> dict[str, Any]:
    down, up = _SMALL_BLOCKS[kind]
    blocks = {"down_block_types": down, "up_block_types": up, "attention_head_dim": 4}
    if kind == "SDXL":
        blocks["transformer_layers_per_block"] = 1
    shrunk = {name: {**config, **_SMALL.get(name, {})} for name, config in configs.items()}
    shrunk["unet"] |= {**blocks, "sample_size": 8}
    for name in shrunk:
        if "text" in name:
            shrunk[name]["num_hidden_layers"] = 2
    return shrunk
