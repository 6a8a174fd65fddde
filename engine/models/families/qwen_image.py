"""Qwen-Image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.models.families.contract import Networks, Part, families
from engine.models.families.packed import PackedFamily
from engine.walk import Sampling

if TYPE_CHECKING:
    import torch

    from engine.conditioning import Conditioning

_TOKENS = 512
_TEMPLATE = (
    "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, "
    "quantity, text, spatial relationships of the objects and background:<|im_end|>\n"
    "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
)
#: Tokens of the template before the prompt.
_BEFORE = 34


@families.register("qwen-image")
class QwenImage(PackedFamily):
    """Qwen 2025, arXiv 2508.02324.

    A prompt is as many vectors [n, 3584] of Qwen 2.5-VL as it has tokens. The denoiser knows a
    token or not: between prompts of different lengths, predictions are blended. A guided prediction
    gets the norm of the conditional one, token by token.
    """

    label: ClassVar[str] = "Qwen-Image"
    pipelines: ClassVar[tuple[str, ...]] = ("QwenImagePipeline",)
    parts: ClassVar[tuple[Part, ...]] = (
        Part("text_encoder", ("Qwen2_5_VLForConditionalGeneration",)),
        Part("transformer", ("QwenImageTransformer2DModel",)),
        Part("vae", ("AutoencoderKLQwenImage",)),
    )
    by_length: ClassVar[bool] = True

    @property
    def downscale(self) -> int:
        steps = self.configs.get("vae", {}).get("temperal_downsample")
        return int(2 ** len(steps)) if isinstance(steps, list) else 8

    def sampling(self) -> Sampling:
        return Sampling(steps=50, guidance=4.0, width=1328, height=1328)

    def limit(self, networks: Networks) -> int:
        from engine.models.running.texts import number_of_tokens

        before = _TEMPLATE.partition("{}")[0]
        return _TOKENS - number_of_tokens(networks["tokenizer"], before) + _BEFORE

    def encode(self, networks: Networks, prompt: str, negative: bool) -> Conditioning:
        from engine.models.running.texts import whole_tokens

        tokenizer, encoder = networks["tokenizer"], networks["text_encoder"]
        text = tokenizer(
            _TEMPLATE.format(prompt),
            max_length=1024 + _BEFORE,
            truncation=True,
            return_tensors="pt",
        )
        said = encoder(
            input_ids=text.input_ids.to(encoder.device),
            attention_mask=text.attention_mask.to(encoder.device),
            output_hidden_states=True,
        )
        return whole_tokens(said.hidden_states[-1][0][_BEFORE:], _TOKENS)

    def predict(
        self,
        network: Any,
        x: torch.Tensor,
        times: torch.Tensor,
        texts: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        from engine.models.running.texts import by_length

        shape = x.shape[1], x.shape[2], x.shape[3]

        def call(x: torch.Tensor, times: torch.Tensor, sequence: torch.Tensor) -> torch.Tensor:
            output = network(
                hidden_states=self.enter(x),
                timestep=times[:, 0].to(x.dtype) / 1000,
                encoder_hidden_states=sequence,
                encoder_hidden_states_mask=None,
                img_shapes=[[(1, shape[1] // 2, shape[2] // 2)]] * len(x),
                return_dict=False,
            )[0]
            return self.leave(output, shape)

        return by_length(call, x, times, texts)

    def guide(
        self, conditional: torch.Tensor, unconditional: torch.Tensor, guidance: float
    ) -> torch.Tensor:
        guided = self.enter(super().guide(conditional, unconditional, guidance))
        norm = self.enter(conditional).norm(dim=-1, keepdim=True)
        scaled = guided * (norm / guided.norm(dim=-1, keepdim=True))
        return self.leave(scaled, (conditional.shape[1], *conditional.shape[2:]))

    def pixels(self, vae: Any, latents: torch.Tensor) -> torch.Tensor:
        mean, std = (
            latents.new_tensor(values).view(1, -1, 1, 1)
            for values in (vae.config.latents_mean, vae.config.latents_std)
        )
        decoded: torch.Tensor = vae.decode((latents * std + mean)[:, :, None], return_dict=False)[0]
        return decoded[:, :, 0]
