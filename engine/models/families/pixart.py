"""PixArt-Σ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.models.families.contract import Family, Networks, Part, families
from engine.walk import Sampling

if TYPE_CHECKING:
    import torch

    from engine.conditioning import Conditioning

_TOKENS = 300


@families.register("pixart-sigma")
class PixartSigma(Family):
    """Chen et al. 2024, arXiv 2403.04692.

    A prompt is the sequence [300, 4096] of T5 with a mask. Between prompts of different lengths,
    the mask is soft. The denoiser's second half of channels, its variance, is not used.
    """

    label: ClassVar[str] = "PixArt-Σ"
    pipelines: ClassVar[tuple[str, ...]] = ("PixArtSigmaPipeline",)
    parts: ClassVar[tuple[Part, ...]] = (
        Part("text_encoder", ("T5EncoderModel",)),
        Part("transformer", ("PixArtTransformer2DModel", "Transformer2DModel")),
        Part("vae", ("AutoencoderKL",)),
    )
    patch: ClassVar[int] = 2

    def sampling(self) -> Sampling:
        side = self.trained_side
        return Sampling(steps=20, guidance=4.5, width=side, height=side)

    def limit(self, networks: Networks) -> int:
        return _TOKENS - 1

    def encode(self, networks: Networks, prompt: str, negative: bool) -> Conditioning:
        from engine.conditioning import Conditioning, Role
        from engine.models.running.texts import token_ids

        encoder, text = networks["text_encoder"], prompt.lower().strip()
        ids, mask = token_ids(networks["tokenizer"], text, _TOKENS, encoder.device)
        sequence = encoder(ids, attention_mask=mask)[0][0].float()
        return Conditioning(
            {Role.SEQUENCE: sequence.cpu().numpy(), Role.MASK: mask[0].float().cpu().numpy()}
        )

    def predict(
        self,
        network: Any,
        x: torch.Tensor,
        times: torch.Tensor,
        texts: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        from engine.models.running.texts import soft_bias

        output: torch.Tensor = network(
            x,
            encoder_hidden_states=texts["sequence"],
            encoder_attention_mask=soft_bias(texts["mask"], x.dtype),
            timestep=times[:, 0],
            added_cond_kwargs={"resolution": None, "aspect_ratio": None},
            return_dict=False,
        )[0]
        return output[:, : x.shape[1]]
