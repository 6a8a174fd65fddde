"""The common base of Stable Diffusion and SDXL: a UNet, and single files of weights alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from engine.models.families.contract import Config, Family
from engine.models.schedules.scheduler_config import draws_in_few_steps
from engine.walk import Sampling

_USES = {9: "inpainting", 8: "editing by instruction or depth", 5: "depth", 7: "upscaling"}
_VAE: Config = {
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
}
#: The VAEs of the published models, whose files have no configs.
VAE_512: Config = {**_VAE, "sample_size": 512, "scaling_factor": 0.18215}
VAE_1024: Config = {**_VAE, "sample_size": 1024, "scaling_factor": 0.13025}
CLIP_TEXT: Config = {
    "vocab_size": 49408,
    "max_position_embeddings": 77,
    "layer_norm_eps": 1e-5,
    "bos_token_id": 49406,
    "eos_token_id": 49407,
}
CLIP_L: Config = {
    **CLIP_TEXT,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "hidden_act": "quick_gelu",
}
#: The noise schedule that these models were trained with.
SCHEDULE: Config = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
}


class UnetFamily(Family):
    """The base class of the families with a UNet2DConditionModel and an AutoencoderKL."""

    denoiser: ClassVar[str] = "unet"
    own_networks: ClassVar[bool] = True
    parallel: ClassVar[bool] = True
    half: ClassVar[str] = "float16"

    def problems(self) -> list[str]:
        unet, vae = (self.configs.get(name, {}) for name in ("unet", "vae"))
        channels, latent = unet.get("in_channels", 4), vae.get("latent_channels", 4)
        if not unet or not vae or channels == latent:
            return []
        use = f" (a model for {_USES[channels]})" if channels in _USES else ""
        return [
            f"Its UNet takes {channels} channels{use} and its VAE has {latent}; "
            "choose a text-to-image model."
        ]

    def sampling(self) -> Sampling:
        scheduler = self.configs.get("scheduler", {})
        side = self.native_side
        if draws_in_few_steps(str(scheduler.get("_class_name", "")), scheduler):
            return Sampling(steps=4, guidance=1.0, width=side, height=side)
        return Sampling(width=side, height=side)

    @property
    def native_side(self) -> int:
        """The side length in pixels of the model's training images; the longer side."""
        said = self.configs.get("unet", {}).get("sample_size")
        sides = said if isinstance(said, list) else [said]  # two sides for a model of wide images
        numbers = (int(x) for x in sides if isinstance(x, int | float) and x > 0)
        return self.downscale * max(numbers, default=64)


def has(tensors: Collection[str], *prefixes: str) -> bool:
    """True if a tensor's name begins with one of these."""
    return any(name.startswith(prefixes) for name in tensors)
