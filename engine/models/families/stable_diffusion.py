"""Stable Diffusion 1.x and 2.x, and models with the same layers, on this program's networks."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.models.families.contract import (
    INDEX,
    Config,
    Family,
    Layout,
    Networks,
    Part,
    families,
)
from engine.models.networks.published_configs import CLIP_L, CLIP_TEXT, SCHEDULE, VAE_512
from engine.models.schedules.scheduler_config import draws_in_few_steps
from engine.walk import Sampling

if TYPE_CHECKING:
    import torch

    from engine.conditioning import Conditioning
    from engine.models.running.unet_runner import UnetRunner

_LABELS = {768: "SD 1.x", 1024: "SD 2.x"}
_OTHER_PARTS = ("text_encoder_2", "transformer", "prior")
#: The names of the text encoder in single files: of the first releases, and of later ones.
_TEXT_OF_SD1 = ("cond_stage_model.transformer.", "conditioner.embedders.0.transformer.")
_TEXT_OF_SD2 = ("cond_stage_model.model.", "conditioner.embedders.0.model.")
#: A layer of the text encoder that only SD 2.x has.
_SD2_LAYER = ".encoder.layers.22."
_DISTILLED_GUIDANCE = 8.5
#: The scheduler of the article.
_SCHEDULER = "DPMSolverMultistepScheduler"


_USES = {9: "inpainting", 8: "editing by instruction or depth", 5: "depth", 7: "upscaling"}


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


@families.register("stable-diffusion")
class StableDiffusion(UnetFamily):
    """Rombach et al. 2022, arXiv 2112.10752. A prompt is a sequence [77, 768 or 1024]."""

    label: ClassVar[str] = "SD 1.x and 2.x"
    pipelines: ClassVar[tuple[str, ...]] = ("StableDiffusionPipeline",)
    parts: ClassVar[tuple[Part, ...]] = (
        Part("text_encoder", ("CLIPTextModel",)),
        Part("unet", ("UNet2DConditionModel",)),
        Part("vae", ("AutoencoderKL",)),
    )
    plain_layers: ClassVar[bool] = False
    layouts: ClassVar[Mapping[str, Layout]] = {
        "SD 1.x": Layout(
            configs={
                "text_encoder": CLIP_L,
                "unet": {"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8},
                "vae": VAE_512,
            },
            scheduler=_SCHEDULER,
            schedule=SCHEDULE,
            tokenizers={"tokenizer": "<|endoftext|>"},
        ),
        "SD 2.x": Layout(
            configs={
                # One layer fewer than OpenCLIP has: the model was trained on the last but one.
                "text_encoder": {
                    **CLIP_TEXT,
                    "hidden_size": 1024,
                    "intermediate_size": 4096,
                    "num_hidden_layers": 23,
                    "num_attention_heads": 16,
                    "hidden_act": "gelu",
                },
                "unet": {
                    "sample_size": 64,
                    "cross_attention_dim": 1024,
                    "attention_head_dim": [5, 10, 20, 20],
                    "use_linear_projection": True,
                },
                "vae": VAE_512,
            },
            scheduler=_SCHEDULER,
            schedule=SCHEDULE,
            tokenizers={"tokenizer": "!"},
        ),
    }

    @classmethod
    def claims(cls, index: Config) -> bool:
        return "unet" in index and not any(name in index for name in _OTHER_PARTS)

    @classmethod
    def kind_of_file(cls, tensors: Collection[str]) -> str:
        if has(tensors, "conditioner.embedders.1.", "model.diffusion_model.label_emb."):
            return ""
        if has(tensors, *_TEXT_OF_SD1):
            return "SD 1.x"
        if has(tensors, *_TEXT_OF_SD2):
            return "SD 2.x"
        if not has(tensors, "text_encoder.") or has(tensors, "text_encoder_2."):
            return ""
        deep = any(_SD2_LAYER in name for name in tensors if name.startswith("text_encoder."))
        return "SD 2.x" if deep else "SD 1.x"

    @property
    def description(self) -> str:
        width = self.configs.get("unet", {}).get("cross_attention_dim", 1280)
        found = _LABELS.get(width) if isinstance(width, int) else None
        return found or "Stable Diffusion layout"

    def problems(self) -> list[str]:
        unet, text = (self.configs.get(name, {}) for name in ("unet", "text_encoder"))
        wanted, given = unet.get("cross_attention_dim", 1280), text.get("hidden_size", 512)
        problems = super().problems()
        if unet and unet.get("addition_embed_type"):
            problems.append("Its UNet is that of SDXL, and its folder lacks the parts of SDXL.")
        if unet and text and wanted != given:
            problems.append(
                f"Its UNet listens to text of width {wanted}, its text encoder gives {given}; "
                "the parts are of different models."
            )
        return problems

    @property
    def native_side(self) -> int:
        scheduler = self.configs.get("scheduler", {})
        velocity = scheduler.get("prediction_type") == "v_prediction"
        # Single files do not say their size. Of SD 2.x, only the large models predict v.
        if INDEX not in self.configs and velocity and self.description == "SD 2.x":
            return 768
        return super().native_side

    def scheduler_options(self) -> Config:
        # Old folders were written before these values had an effect.
        return {"steps_offset": 1, "clip_sample": False}

    def uses(self, part: str, tensor: str) -> bool:
        from engine.models.networks.build import is_used

        return is_used(part, tensor)

    def build(self, name: str, config: Config, state: dict[str, torch.Tensor]) -> Any:
        from engine.models.networks.build import build_text_encoder, build_unet, build_vae

        builders = {"text_encoder": build_text_encoder, "unet": build_unet, "vae": build_vae}
        return builders[name](config, state)

    def runner(self, network: Any, device: torch.device, dtype: torch.dtype) -> UnetRunner:
        from engine.models.running.unet_runner import make_runner

        guided = _guidance_embedding(network.config.time_cond_proj_dim)
        return make_runner(network, guided if guided is None else guided.to(device, dtype))

    def times(self, timesteps: torch.Tensor, guidance: float) -> torch.Tensor:
        return timesteps

    def encode(self, networks: Networks, prompt: str, negative: bool) -> Conditioning:
        import torch

        from engine.conditioning import Conditioning, Role

        tokenizer, tower = networks["tokenizer"], networks["text_encoder"]
        device, ids, mask = next(tower.parameters()).device, tokenizer.ids([prompt]), None
        if tower.masks_padding:
            mask = torch.tensor(tokenizer.mask(ids, [prompt]), device=device)
        hidden = tower(torch.tensor(ids, device=device), mask)
        return Conditioning({Role.SEQUENCE: hidden[0].float().cpu().numpy()})

    def predict(
        self,
        network: Any,
        x: torch.Tensor,
        times: torch.Tensor,
        texts: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        output: torch.Tensor = network(
            x, times, encoder_hidden_states=texts["sequence"], return_dict=False
        )[0]
        return output

    def pixels(self, vae: Any, latents: torch.Tensor) -> torch.Tensor:
        decoded: torch.Tensor = vae(latents)
        return decoded


def _guidance_embedding(width: int | None) -> torch.Tensor | None:
    """[1, width]: the strength of guidance that a latent consistency model is told to imitate.

    The sinusoids of Luo et al., arXiv 2310.04378, at the strength that diffusers takes for it.
    None for models that are told none.
    """
    if width is None:
        return None
    import torch

    half = width // 2
    rates = torch.exp(torch.arange(half) * -(math.log(10000.0) / (half - 1)))
    angles = (_DISTILLED_GUIDANCE - 1.0) * 1000.0 * rates
    return torch.cat([angles.sin(), angles.cos()])[None]


def has(tensors: Collection[str], *prefixes: str) -> bool:
    """True if a tensor's name begins with one of these."""
    return any(name.startswith(prefixes) for name in tensors)
