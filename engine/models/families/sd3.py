"""Stable Diffusion 3 and 3.5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.models.families.contract import Family, Networks, Part, families
from engine.walk import Sampling

if TYPE_CHECKING:
    import torch

    from engine.conditioning import Conditioning
    from engine.solvers.contract import Schedule

_T5_TOKENS = 256


@families.register("sd3")
class Sd3(Family):
    """Esser et al. 2024, arXiv 2403.03206.

    A prompt is the sequence [77 + 256, 4096] of two text encoders of CLIP and of T5, and the pooled
    vectors of CLIP [2048]. Without T5, its tokens are zeros.
    """

    label: ClassVar[str] = "SD 3 and 3.5"
    pipelines: ClassVar[tuple[str, ...]] = ("StableDiffusion3Pipeline",)
    parts: ClassVar[tuple[Part, ...]] = (
        Part("text_encoder", ("CLIPTextModelWithProjection",)),
        Part("text_encoder_2", ("CLIPTextModelWithProjection",)),
        Part("text_encoder_3", ("T5EncoderModel",), optional=True),
        Part("transformer", ("SD3Transformer2DModel",)),
        Part("vae", ("AutoencoderKL",)),
    )
    tokenizers: ClassVar[tuple[str, ...]] = ("tokenizer", "tokenizer_2", "tokenizer_3")
    patch: ClassVar[int] = 2

    @property
    def description(self) -> str:
        return "SD 3.5" if self.configs.get("transformer", {}).get("qk_norm") else "SD 3"

    def sampling(self) -> Sampling:
        side = self.trained_side
        if self.description == "SD 3.5":
            return Sampling(steps=40, guidance=4.5, width=side, height=side)
        return Sampling(steps=28, guidance=7.0, width=side, height=side)

    def mu(self, schedule: Schedule, shape: tuple[int, int, int], steps: int) -> float | None:
        from engine.solvers.flow_shift import mu_of_tokens

        if not schedule.config.get("use_dynamic_shifting"):
            return None
        return mu_of_tokens(schedule, shape[1] * shape[2] // self.patch**2)

    @property
    def counts_with(self) -> str:
        # CLIP reads 75 tokens, and T5 the whole prompt.
        return "tokenizer_3" if "text_encoder_3" in self.configs else "tokenizer"

    def limit(self, networks: Networks) -> int:
        return _T5_TOKENS - 1 if "text_encoder_3" in self.configs else _clip_length(networks) - 2

    def encode(self, networks: Networks, prompt: str, negative: bool) -> Conditioning:
        import torch
        from torch.nn.functional import pad

        from engine.conditioning import Conditioning, Role

        layers, pooled = [], []
        for suffix in ("", "_2"):
            encoder, tokenizer = networks[f"text_encoder{suffix}"], networks[f"tokenizer{suffix}"]
            ids, _ = _token_ids(tokenizer, prompt, _clip_length(networks), encoder)
            said = encoder(ids, output_hidden_states=True)
            layers.append(said.hidden_states[-2][0].float())
            pooled.append(said.text_embeds[0].float())
        clip, t5 = torch.cat(layers, -1), self._t5(networks, prompt)
        wide = pad(clip, (0, t5.shape[-1] - clip.shape[-1]))
        return Conditioning(
            {
                Role.SEQUENCE: torch.cat((wide, t5.to(wide.device))).cpu().numpy(),
                Role.POOLED: torch.cat(pooled).cpu().numpy(),
            }
        )

    def _t5(self, networks: Networks, prompt: str) -> torch.Tensor:
        """The sequence [256, width] of T5; zeros without it."""
        import torch

        encoder = networks.get("text_encoder_3")
        if encoder is None:
            width = self.configs["transformer"].get("joint_attention_dim", 4096)
            return torch.zeros(_T5_TOKENS, width)
        ids, _ = _token_ids(networks["tokenizer_3"], prompt, _T5_TOKENS, encoder)
        sequence: torch.Tensor = encoder(ids)[0][0].float()
        return sequence

    def predict(
        self,
        network: Any,
        x: torch.Tensor,
        times: torch.Tensor,
        texts: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        output: torch.Tensor = network(
            hidden_states=x,
            timestep=times[:, 0],
            encoder_hidden_states=texts["sequence"],
            pooled_projections=texts["pooled"],
            return_dict=False,
        )[0]
        return output


def _token_ids(
    tokenizer: Any, prompt: str, length: int, encoder: Any
) -> tuple[torch.Tensor, torch.Tensor]:
    from engine.models.running.texts import token_ids

    return token_ids(tokenizer, prompt, length, encoder.device)


def _clip_length(networks: Networks) -> int:
    return min(int(networks["tokenizer"].model_max_length), 77)
