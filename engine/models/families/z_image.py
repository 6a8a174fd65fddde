"""Z-Image and Z-Image-Turbo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.models.families.contract import Family, Networks, Part, families
from engine.walk import Sampling

if TYPE_CHECKING:
    import torch

    from engine.conditioning import Conditioning
    from engine.solvers.contract import Schedule

_TOKENS = 512


@families.register("z-image")
class ZImage(Family):
    """Tongyi-MAI 2025, arXiv 2511.22699.

    A prompt is as many vectors [n, 2560] of Qwen 3 as it has tokens. Captions are filled up to
    multiples of 32 tokens inside the denoiser, and the picture's positions follow them: between
    prompts of different lengths, predictions are blended. Guidance is c + g (c − u).
    """

    label: ClassVar[str] = "Z-Image"
    pipelines: ClassVar[tuple[str, ...]] = ("ZImagePipeline",)
    parts: ClassVar[tuple[Part, ...]] = (
        Part("text_encoder", ("Qwen3Model", "Qwen3ForCausalLM")),
        Part("transformer", ("ZImageTransformer2DModel",)),
        Part("vae", ("AutoencoderKL",)),
    )
    patch: ClassVar[int] = 2
    even_levels: ClassVar[bool] = True
    by_length: ClassVar[bool] = True

    @property
    def guided_above(self) -> float:
        return 0.0

    def sampling(self) -> Sampling:
        # Turbo was distilled at the shift 3 to 8 calls of the denoiser without guidance.
        if (self.configs.get("scheduler", {}).get("shift") or 0.0) <= 3.0:
            return Sampling(steps=9, guidance=0.0, width=1024, height=1024)
        return Sampling(steps=50, guidance=4.0, width=1024, height=1024)

    def mu(self, schedule: Schedule, shape: tuple[int, int, int], steps: int) -> float | None:
        from engine.solvers.flow_shift import mu_of_tokens

        return mu_of_tokens(schedule, shape[1] * shape[2] // self.patch**2)

    def limit(self, networks: Networks) -> int:
        from engine.models.running.texts import number_of_tokens, text_before_prompt

        tokenizer = networks["tokenizer"]
        before = text_before_prompt(tokenizer, enable_thinking=True)
        return _TOKENS - number_of_tokens(tokenizer, before)

    def encode(self, networks: Networks, prompt: str, negative: bool) -> Conditioning:
        from engine.models.running.texts import chat_text, token_ids, whole_tokens

        tokenizer, encoder = networks["tokenizer"], networks["text_encoder"]
        text = chat_text(tokenizer, prompt, enable_thinking=True)
        ids, mask = token_ids(tokenizer, text, _TOKENS, encoder.device)
        said = encoder(input_ids=ids, attention_mask=mask.bool(), output_hidden_states=True)
        return whole_tokens(said.hidden_states[-2][0][mask[0].bool()], _TOKENS)

    def predict(
        self,
        network: Any,
        x: torch.Tensor,
        times: torch.Tensor,
        texts: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        import torch

        from engine.models.running.texts import by_length

        def call(x: torch.Tensor, times: torch.Tensor, sequence: torch.Tensor) -> torch.Tensor:
            pictures, captions = list(x[:, :, None].unbind()), list(sequence.unbind())
            time = (1000.0 - times[:, 0]) / 1000.0
            output = network(pictures, time, captions, return_dict=False)[0]
            return -torch.stack(output)[:, :, 0]

        return by_length(call, x, times, texts)

    def guide(
        self, conditional: torch.Tensor, unconditional: torch.Tensor, guidance: float
    ) -> torch.Tensor:
        return conditional + guidance * (conditional - unconditional)
