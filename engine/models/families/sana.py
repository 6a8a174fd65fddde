"""Sana and Sana-Sprint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.models.families.contract import Config, Family, Networks, Part, families
from engine.walk import Sampling

if TYPE_CHECKING:
    import torch

    from engine.conditioning import Conditioning

_TOKENS = 300
#: The text before a prompt, with which the models were trained: section 3.1 of the paper.
_INSTRUCTION = (
    "Given a user prompt, generate an 'Enhanced prompt' that provides detailed visual "
    "descriptions suitable for image generation. Evaluate the level of detail in the user "
    "prompt:\n"
    "- If the prompt is simple, focus on adding specifics about colors, shapes, sizes, "
    "textures, and spatial relationships to create vivid and concrete scenes.\n"
    "- If the prompt is already detailed, refine and enhance the existing details slightly "
    "without overcomplicating.\n"
    "Here are examples of how to transform or refine prompts:\n"
    "- User Prompt: A cat sleeping -> Enhanced: A small, fluffy white cat curled up in a round "
    "shape, sleeping peacefully on a warm sunny windowsill, surrounded by pots of blooming red "
    "flowers.\n"
    "- User Prompt: A busy city street -> Enhanced: A bustling city street scene at dusk, "
    "featuring glowing street lamps, a diverse crowd of people in colorful clothing, and a "
    "double-decker bus passing by towering glass skyscrapers.\n"
    "Please generate only the enhanced description for the prompt below and avoid including "
    "any additional commentary or evaluations:\n"
    "User Prompt: "
)


@families.register("sana")
class Sana(Family):
    """Xie et al. 2024, arXiv 2410.10629.

    A prompt is the sequence [300, 2304] of Gemma 2 with a mask. Between prompts of different
    lengths, the mask is soft. The VAE has 32 pixels per latent pixel.
    """

    label: ClassVar[str] = "Sana"
    pipelines: ClassVar[tuple[str, ...]] = ("SanaPipeline",)
    parts: ClassVar[tuple[Part, ...]] = (
        Part("text_encoder", ("Gemma2Model",)),
        Part("transformer", ("SanaTransformer2DModel",)),
        Part("vae", ("AutoencoderDC",)),
    )

    @property
    def downscale(self) -> int:
        widths = self.configs.get("vae", {}).get("encoder_block_out_channels")
        return int(2 ** (len(widths) - 1)) if isinstance(widths, list) and widths else 32

    def sampling(self) -> Sampling:
        side = self.trained_side
        return Sampling(steps=20, guidance=4.5, width=side, height=side)

    def limit(self, networks: Networks) -> int:
        return _TOKENS - 1

    def encode(self, networks: Networks, prompt: str, negative: bool) -> Conditioning:
        from engine.conditioning import Conditioning, Role
        from engine.models.running.texts import token_ids

        tokenizer, encoder = networks["tokenizer"], networks["text_encoder"]
        tokenizer.padding_side = "right"
        text, length = prompt.lower().strip(), _TOKENS
        if not negative:
            text = _INSTRUCTION + text
            length += len(tokenizer.encode(_INSTRUCTION)) - 2
        ids, mask = token_ids(tokenizer, text, length, encoder.device)
        # The start mark, and the prompt after the instruction.
        chosen = [0, *range(length - _TOKENS + 1, length)]
        sequence = encoder(ids, attention_mask=mask)[0][0].float()
        return Conditioning(
            {
                Role.SEQUENCE: sequence[chosen].cpu().numpy(),
                Role.MASK: mask[0, chosen].float().cpu().numpy(),
            }
        )

    def predict(
        self,
        network: Any,
        x: torch.Tensor,
        times: torch.Tensor,
        texts: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        return self._call(network, x, times[:, 0] * network.config.timestep_scale, texts)

    def _call(
        self,
        network: Any,
        x: torch.Tensor,
        timestep: torch.Tensor,
        texts: Mapping[str, torch.Tensor],
        guidance: torch.Tensor | None = None,
    ) -> torch.Tensor:
        from engine.models.running.texts import soft_bias

        output: torch.Tensor = network(
            x,
            encoder_hidden_states=texts["sequence"],
            encoder_attention_mask=soft_bias(texts["mask"], x.dtype),
            timestep=timestep,
            guidance=guidance,
            return_dict=False,
        )[0]
        return output[:, : x.shape[1]]


@families.register("sana-sprint")
class SanaSprint(Sana):
    """Chen et al. 2025, arXiv 2503.09641: Sana distilled to 1–4 steps, with embedded guidance.

    Its scheduler works on angles t with x_t = cos(t) x0 + sin(t) ε, and adds noise between steps.
    """

    label: ClassVar[str] = "Sana-Sprint"
    pipelines: ClassVar[tuple[str, ...]] = ("SanaSprintPipeline",)

    @property
    def guided_above(self) -> float:
        return math.inf

    @property
    def embeds_guidance(self) -> bool:
        return True

    def sampling(self) -> Sampling:
        side = self.trained_side
        return Sampling(steps=2, guidance=4.5, width=side, height=side)

    def scheduler_options(self) -> Config:
        return {"sigma_data": 1.0}  # latents here have the std 1 of the noise

    def timestep_options(self, steps: int) -> dict[str, Any]:
        # The scheduler has a time between the steps for two steps only.
        return {} if steps == 2 else {"intermediate_timesteps": None}

    def predict(
        self,
        network: Any,
        x: torch.Tensor,
        times: torch.Tensor,
        texts: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        """The velocity on the circle of angles from the network's, which is on a straight line."""
        angle, guidance = times[:, 0], times[:, 1] * network.config.guidance_embeds_scale
        flow = angle.sin() / (angle.cos() + angle.sin())
        t = flow.view(-1, 1, 1, 1)
        norm = (t**2 + (1 - t) ** 2).sqrt()
        scaled = x * norm
        output = self._call(network, scaled.to(x.dtype), flow, texts, guidance.to(x.dtype))
        return ((1 - 2 * t) * scaled + (1 - 2 * t + 2 * t**2) * output) / norm
