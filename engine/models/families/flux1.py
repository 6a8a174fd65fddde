"""Flux.1-dev and Flux.1-schnell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.models.families.contract import Networks, Part, families
from engine.models.families.packed import PackedFamily
from engine.walk import Sampling

if TYPE_CHECKING:
    import torch

    from engine.conditioning import Conditioning


@families.register("flux1")
class Flux1(PackedFamily):
    """Black Forest Labs 2024.

    A prompt is the sequence [512, 4096] of T5 (schnell: 256 tokens) without a mask, and the pooled
    vector [768] of CLIP. Dev takes the strength of guidance itself; schnell has none. Both have no
    negative prompt.
    """

    label: ClassVar[str] = "Flux.1"
    pipelines: ClassVar[tuple[str, ...]] = ("FluxPipeline",)
    parts: ClassVar[tuple[Part, ...]] = (
        Part("text_encoder", ("CLIPTextModel",)),
        Part("text_encoder_2", ("T5EncoderModel",)),
        Part("transformer", ("FluxTransformer2DModel",)),
        Part("vae", ("AutoencoderKL",)),
    )
    tokenizers: ClassVar[tuple[str, ...]] = ("tokenizer", "tokenizer_2")

    @property
    def guided_above(self) -> float:
        return math.inf

    @property
    def embeds_guidance(self) -> bool:
        return bool(self.configs.get("transformer", {}).get("guidance_embeds", False))

    def sampling(self) -> Sampling:
        if self.embeds_guidance:
            return Sampling(steps=28, guidance=3.5, width=1024, height=1024)
        return Sampling(steps=4, guidance=0.0, width=1024, height=1024)

    @property
    def _length(self) -> int:
        """The tokens of T5."""
        return 512 if self.embeds_guidance else 256

    @property
    def counts_with(self) -> str:
        return "tokenizer_2"

    def limit(self, networks: Networks) -> int:
        return self._length - 1

    def encode(self, networks: Networks, prompt: str, negative: bool) -> Conditioning:
        from engine.conditioning import Conditioning, Role
        from engine.models.running.texts import token_ids

        clip, t5 = networks["text_encoder"], networks["text_encoder_2"]
        length = min(int(networks["tokenizer"].model_max_length), 77)
        ids, _ = token_ids(networks["tokenizer"], prompt, length, clip.device)
        pooled = clip(ids).pooler_output[0].float()
        ids, _ = token_ids(networks["tokenizer_2"], prompt, self._length, t5.device)
        sequence = t5(ids)[0][0].float()
        return Conditioning(
            {Role.SEQUENCE: sequence.cpu().numpy(), Role.POOLED: pooled.cpu().numpy()}
        )

    def predict(
        self,
        network: Any,
        x: torch.Tensor,
        times: torch.Tensor,
        texts: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        from torch.nn.functional import pad

        from engine.models.running.patches import grid

        places = grid(x.shape[2] // 2, x.shape[3] // 2, x.device)
        output = network(
            hidden_states=self.enter(x),
            timestep=times[:, 0].to(x.dtype) / 1000,
            guidance=times[:, 1] if self.embeds_guidance else None,
            pooled_projections=texts["pooled"],
            encoder_hidden_states=texts["sequence"],
            txt_ids=x.new_zeros(texts["sequence"].shape[1], 3),
            img_ids=pad(places, (1, 0)).to(x.dtype),
            return_dict=False,
        )[0]
        return self.leave(output, (x.shape[1], x.shape[2], x.shape[3]))
