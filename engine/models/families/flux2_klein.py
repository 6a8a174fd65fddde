"""FLUX.2-klein, base and distilled."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.models.families.contract import INDEX, Family, Networks, Part, families
from engine.walk import Sampling

if TYPE_CHECKING:
    import torch

    from engine.conditioning import Conditioning
    from engine.solvers.contract import Schedule

_TOKENS = 512


@families.register("flux2-klein")
class Flux2Klein(Family):
    """Black Forest Labs 2026.

    A prompt is the sequence [512, 3 · width] of three layers of Qwen 3 beside each other, without a
    mask. The denoiser reads squares of 2×2 latent pixels, normalised as the VAE says.
    """

    label: ClassVar[str] = "FLUX.2-klein"
    pipelines: ClassVar[tuple[str, ...]] = ("Flux2KleinPipeline",)
    parts: ClassVar[tuple[Part, ...]] = (
        Part("text_encoder", ("Qwen3ForCausalLM", "Qwen3Model")),
        Part("transformer", ("Flux2Transformer2DModel",)),
        Part("vae", ("AutoencoderKLFlux2",)),
    )
    patch: ClassVar[int] = 2
    even_levels: ClassVar[bool] = True

    @property
    def _is_distilled(self) -> bool:
        return bool(self.configs.get(INDEX, {}).get("is_distilled", False))

    @property
    def guided_above(self) -> float:
        return math.inf if self._is_distilled else 1.0

    @property
    def channels(self) -> int:
        return super().channels // 4

    def sampling(self) -> Sampling:
        if self._is_distilled:
            return Sampling(steps=4, guidance=1.0, width=1024, height=1024)
        return Sampling(steps=50, guidance=4.0, width=1024, height=1024)

    def mu(self, schedule: Schedule, shape: tuple[int, int, int], steps: int) -> float | None:
        """The fit of Black Forest Labs to good schedules, by tokens and steps."""
        tokens = shape[1] * shape[2] // self.patch**2
        many = 0.00016927 * tokens + 0.45666666  # at 200 steps
        if tokens > 4300:
            return many
        few = 8.73809524e-05 * tokens + 1.89833333  # at 10 steps
        slope = (many - few) / 190.0
        return slope * steps + many - 200.0 * slope

    def limit(self, networks: Networks) -> int:
        from engine.models.running.texts import number_of_tokens, text_before_prompt

        tokenizer = networks["tokenizer"]
        before = text_before_prompt(tokenizer, enable_thinking=False)
        return _TOKENS - number_of_tokens(tokenizer, before)

    def encode(self, networks: Networks, prompt: str, negative: bool) -> Conditioning:
        import torch

        from engine.conditioning import Conditioning, Role
        from engine.models.running.texts import chat_text, token_ids

        tokenizer, encoder = networks["tokenizer"], networks["text_encoder"]
        text = chat_text(tokenizer, prompt, enable_thinking=False)
        ids, mask = token_ids(tokenizer, text, _TOKENS, encoder.device)
        said = encoder(
            input_ids=ids, attention_mask=mask, output_hidden_states=True, use_cache=False
        )
        # A quarter, half, and three quarters of the layers: 9, 18 and 27 of 36.
        layers = (encoder.config.num_hidden_layers * k // 4 for k in (1, 2, 3))
        sequence = torch.cat([said.hidden_states[layer][0].float() for layer in layers], -1)
        return Conditioning({Role.SEQUENCE: sequence.cpu().numpy()})

    def enter(self, latents: torch.Tensor) -> torch.Tensor:
        from engine.models.running.patches import patchified

        return patchified(latents)

    def leave(self, inner: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
        from engine.models.running.patches import unpatchified

        return unpatchified(inner)

    def predict(
        self,
        network: Any,
        x: torch.Tensor,
        times: torch.Tensor,
        texts: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        import torch
        from torch.nn.functional import pad

        from engine.models.running.patches import grid

        patches, sequence = self.enter(x), texts["sequence"]
        # Positions: time, row, column, and the number of the text's token.
        places = pad(grid(patches.shape[2], patches.shape[3], x.device), (1, 1))
        numbers = pad(torch.arange(sequence.shape[1], device=x.device)[:, None], (3, 0))
        output = network(
            hidden_states=patches.flatten(2).transpose(1, 2),
            timestep=times[:, 0].to(x.dtype) / 1000,
            guidance=None,
            encoder_hidden_states=sequence,
            txt_ids=numbers.expand(len(x), -1, -1),
            img_ids=places.expand(len(x), -1, -1),
            return_dict=False,
        )[0]
        shape = x.shape[1], x.shape[2], x.shape[3]
        return self.leave(output.transpose(1, 2).reshape(patches.shape), shape)

    def pixels(self, vae: Any, latents: torch.Tensor) -> torch.Tensor:
        patches = self.enter(latents)
        mean, variance = (
            values.view(1, -1, 1, 1).to(patches)
            for values in (vae.bn.running_mean, vae.bn.running_var)
        )
        scaled = patches * (variance + vae.config.batch_norm_eps).sqrt() + mean
        inner = self.leave(scaled, (latents.shape[1], latents.shape[2], latents.shape[3]))
        decoded: torch.Tensor = vae.decode(inner, return_dict=False)[0]
        return decoded
