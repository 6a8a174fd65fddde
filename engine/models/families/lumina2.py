"""Lumina-Image 2.0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.models.families.contract import Family, Networks, Part, families
from engine.walk import Sampling

if TYPE_CHECKING:
    import torch

    from engine.conditioning import Conditioning
    from engine.solvers.contract import Schedule

_TOKENS = 256
_SYSTEM = (
    "You are an assistant designed to generate superior images with the superior degree of "
    "image-text alignment based on textual prompts or user prompts. <Prompt Start> "
)


@families.register("lumina2")
class Lumina2(Family):
    """Qin et al. 2025, arXiv 2503.21758.

    A prompt is as many vectors [n, 2304] of Gemma 2 as it has tokens, and the picture's positions
    follow them: between prompts of different lengths, predictions are blended. A guided prediction
    gets the norm of the conditional one, row by row.
    """

    label: ClassVar[str] = "Lumina 2"
    pipelines: ClassVar[tuple[str, ...]] = ("Lumina2Pipeline", "Lumina2Text2ImgPipeline")
    parts: ClassVar[tuple[Part, ...]] = (
        Part("text_encoder", ("Gemma2Model",)),
        Part("transformer", ("Lumina2Transformer2DModel",)),
        Part("vae", ("AutoencoderKL",)),
    )
    patch: ClassVar[int] = 2
    even_levels: ClassVar[bool] = True
    by_length: ClassVar[bool] = True

    def sampling(self) -> Sampling:
        side = self.trained_side
        return Sampling(steps=30, guidance=4.0, width=side, height=side)

    def mu(self, schedule: Schedule, shape: tuple[int, int, int], steps: int) -> float | None:
        """That of a picture with as many tokens as the latent has channels, as in the pipeline."""
        from engine.solvers.flow_shift import mu_of_tokens

        return mu_of_tokens(schedule, shape[0])

    def limit(self, networks: Networks) -> int:
        from engine.models.running.texts import number_of_tokens

        return _TOKENS - 1 - number_of_tokens(networks["tokenizer"], _SYSTEM)

    def encode(self, networks: Networks, prompt: str, negative: bool) -> Conditioning:
        from engine.models.running.texts import token_ids, whole_tokens

        tokenizer, encoder = networks["tokenizer"], networks["text_encoder"]
        tokenizer.padding_side = "right"
        text = prompt if negative else _SYSTEM + prompt
        ids, mask = token_ids(tokenizer, text, _TOKENS, encoder.device)
        said = encoder(ids, attention_mask=mask, output_hidden_states=True)
        return whole_tokens(said.hidden_states[-2][0][mask[0].bool()], _TOKENS)

    def predict(
        self,
        network: Any,
        x: torch.Tensor,
        times: torch.Tensor,
        texts: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        from engine.models.running.texts import by_length

        def call(x: torch.Tensor, times: torch.Tensor, sequence: torch.Tensor) -> torch.Tensor:
            output: torch.Tensor = network(
                hidden_states=x,
                timestep=1 - times[:, 0] / 1000,
                encoder_hidden_states=sequence,
                encoder_attention_mask=times.new_ones(sequence.shape[:2]).long(),
                return_dict=False,
            )[0]
            return -output

        return by_length(call, x, times, texts)

    def guide(
        self, conditional: torch.Tensor, unconditional: torch.Tensor, guidance: float
    ) -> torch.Tensor:
        guided = super().guide(conditional, unconditional, guidance)
        norm = conditional.norm(dim=-1, keepdim=True)
        return guided * (norm / guided.norm(dim=-1, keepdim=True))
