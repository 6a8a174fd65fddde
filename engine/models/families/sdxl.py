"""Stable Diffusion XL and models with its layers: base, Turbo, Lightning and their kin."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from engine.models.families.contract import INDEX, Config, Layout, Networks, Part, families
from engine.models.families.stable_diffusion import UnetFamily, has
from engine.models.networks.published_configs import CLIP_L, CLIP_TEXT, SCHEDULE, VAE_1024
from engine.walk import Sampling

if TYPE_CHECKING:
    import torch

    from engine.conditioning import Conditioning

_SECOND_TEXT: Config = {
    **CLIP_TEXT,
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "hidden_act": "gelu",
    "projection_dim": 1280,
}
_UNET: Config = {
    "sample_size": 128,
    "block_out_channels": [320, 640, 1280],
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "transformer_layers_per_block": [1, 2, 10],
    "attention_head_dim": [5, 10, 20],
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}


@families.register("sdxl")
class Sdxl(UnetFamily):
    """Podell et al. 2023, arXiv 2307.01952.

    A prompt is the last but one layer of two text encoders beside each other, [77, 2048], and the
    second one's pooled vector [1280]. The UNet is told the picture's size.
    """

    label: ClassVar[str] = "SDXL"
    pipelines: ClassVar[tuple[str, ...]] = ("StableDiffusionXLPipeline",)
    parts: ClassVar[tuple[Part, ...]] = (
        Part("text_encoder", ("CLIPTextModel",)),
        Part("text_encoder_2", ("CLIPTextModelWithProjection",)),
        Part("unet", ("UNet2DConditionModel",)),
        Part("vae", ("AutoencoderKL",)),
    )
    tokenizers: ClassVar[tuple[str, ...]] = ("tokenizer", "tokenizer_2")
    velocity_mark: ClassVar[str] = "v_pred"
    layouts: ClassVar[Mapping[str, Layout]] = {
        "SDXL": Layout(
            configs={
                "text_encoder": CLIP_L,
                "text_encoder_2": _SECOND_TEXT,
                "unet": _UNET,
                "vae": VAE_1024,
            },
            scheduler="EulerDiscreteScheduler",
            schedule={**SCHEDULE, "timestep_spacing": "leading", "steps_offset": 1},
            tokenizers={"tokenizer": "<|endoftext|>", "tokenizer_2": "!"},
        )
    }

    @classmethod
    def kind_of_file(cls, tensors: Collection[str]) -> str:
        forms = (
            ("conditioner.embedders.0.", "conditioner.embedders.1."),
            (
                "text_encoder.",
                "text_encoder_2.",
            ),
        )
        whole = any(all(has(tensors, prefix) for prefix in form) for form in forms)
        return "SDXL" if whole else ""

    def problems(self) -> list[str]:
        parts = ("unet", "text_encoder", "text_encoder_2")
        unet, first, second = (self.configs.get(name, {}) for name in parts)
        if not (unet and first and second):
            return super().problems()
        wanted = unet.get("cross_attention_dim", 1280)
        given = sum(each.get("hidden_size") or 512 for each in (first, second))
        if wanted == given:
            return super().problems()
        return [
            *super().problems(),
            f"Its UNet listens to text of width {wanted}, its text encoders give {given}; "
            "the parts are of different models.",
        ]

    def sampling(self) -> Sampling:
        plain = super().sampling()
        # The guidance of the pipeline, unless the model draws in a few steps.
        return plain if plain.guidance == 1.0 else replace(plain, guidance=5.0)

    @property
    def embeds_guidance(self) -> bool:
        return self.configs.get("unet", {}).get("time_cond_proj_dim") is not None

    @property
    def guided_above(self) -> float:
        return math.inf if self.embeds_guidance else 1.0

    def build(self, name: str, config: Config, state: dict[str, torch.Tensor]) -> Any:
        from engine.models.networks import build

        builders = {"unet": build.build_unet, "vae": build.build_autoencoder}
        return builders.get(name, build.build_clip_text)(config, state)

    def encode(self, networks: Networks, prompt: str, negative: bool) -> Conditioning:
        import torch

        from engine.conditioning import Conditioning, Role

        layers = []
        for suffix in ("", "_2"):
            encoder = networks[f"text_encoder{suffix}"]
            ids = networks[f"tokenizer{suffix}"].ids([prompt])
            said = encoder(torch.tensor(ids, device=encoder.device), output_hidden_states=True)
            layers.append(said.hidden_states[-2][0].float())
        sequence, pooled = torch.cat(layers, -1), said.text_embeds[0].float()
        if negative and not prompt and self._zeroes_empty:
            sequence, pooled = torch.zeros_like(sequence), torch.zeros_like(pooled)
        return Conditioning(
            {Role.SEQUENCE: sequence.cpu().numpy(), Role.POOLED: pooled.cpu().numpy()}
        )

    @property
    def _zeroes_empty(self) -> bool:
        """True if an empty negative prompt is zeros, as the pipeline does where none is given."""
        return bool(self.configs.get(INDEX, {}).get("force_zeros_for_empty_prompt", True))

    def predict(
        self,
        network: Any,
        x: torch.Tensor,
        times: torch.Tensor,
        texts: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        height, width = (side * self.downscale for side in x.shape[2:])
        # The size of the original picture, the corner that is cut out, and the size wanted.
        sizes = x.new_tensor([height, width, 0, 0, height, width]).expand(len(x), -1)
        output: torch.Tensor = network(
            x,
            times[:, 0],
            encoder_hidden_states=texts["sequence"],
            timestep_cond=self._condition(times[:, 1]).to(x.dtype)
            if self.embeds_guidance
            else None,
            added_cond_kwargs={"text_embeds": texts["pooled"], "time_ids": sizes},
            return_dict=False,
        )[0]
        return output

    def _condition(self, guidance: torch.Tensor) -> torch.Tensor:
        """[n, width]: the strengths [n] as sinusoids. Luo et al. 2023, arXiv 2310.04378."""
        import torch

        half = self.configs["unet"]["time_cond_proj_dim"] // 2
        rates = torch.exp(torch.arange(half) * -(math.log(10000.0) / (half - 1)))
        angles = (guidance[:, None] - 1.0) * 1000.0 * rates.to(guidance.device)
        return torch.cat([angles.sin(), angles.cos()], 1)
