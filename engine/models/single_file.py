"""Single files in the original layout of Stable Diffusion: configs they lack, and other names.

Such a file holds weights alone. The configs are those of the published models; renaming the
tensors is diffusers' work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from engine.conditioning import Role
from engine.errors import ModelError
from engine.models.inspection.report import Family
from engine.models.networks.build import State
from engine.models.running.rows import Rows
from engine.models.running.unet_runner import make_runner

#: CLIP's vocabulary, which no such file contains.
TOKENIZER_FOLDER = Path(__file__).parents[2] / "resources" / "clip_tokenizer"
#: What both families were trained with; the solver is the article's.
SCHEDULER = "DPMSolverMultistepScheduler"
SCHEDULE: Mapping[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
}
#: The text encoder's names, of the first releases and of later ones such as SD-Turbo.
_TEXT_NAMES, _LATER_TEXT_NAMES = "cond_stage_model.", "conditioner.embedders.0."
_PREFIXES = ("model.diffusion_model.", "first_stage_model.", _TEXT_NAMES, _LATER_TEXT_NAMES)
_OPEN_CLIP = "cond_stage_model.model."


@dataclass(frozen=True, slots=True)
class Layout:
    """The configs of a family's networks, and what fills up its prompts."""

    text_encoder: Mapping[str, Any] = field(repr=False)
    unet: Mapping[str, Any] = field(repr=False)
    vae: Mapping[str, Any] = field(repr=False)
    padding: str


_TEXT = {"vocab_size": 49408, "max_position_embeddings": 77, "layer_norm_eps": 1e-5}
_VAE = {
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 2,
    "sample_size": 512,
    "scaling_factor": 0.18215,
}

LAYOUTS: Mapping[Family, Layout] = {
    Family.SD1: Layout(
        text_encoder={
            **_TEXT,
            "hidden_size": 768,
            "intermediate_size": 3072,
            "num_hidden_layers": 12,
            "num_attention_heads": 12,
            "hidden_act": "quick_gelu",
        },
        unet={"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8},
        vae=_VAE,
        padding="<|endoftext|>",
    ),
    Family.SD2: Layout(
        # One layer fewer than OpenCLIP has: the model was trained on the last but one.
        text_encoder={
            **_TEXT,
            "hidden_size": 1024,
            "intermediate_size": 4096,
            "num_hidden_layers": 23,
            "num_attention_heads": 16,
            "hidden_act": "gelu",
        },
        unet={
            "sample_size": 64,
            "cross_attention_dim": 1024,
            "attention_head_dim": [5, 10, 20, 20],
            "use_linear_projection": True,
        },
        vae=_VAE,
        padding="!",
    ),
}


def is_needed(name: str) -> bool:
    """True if a tensor belongs to the networks. Files may also hold averaged copies."""
    return name.startswith(_PREFIXES)


def converted(state: State, layout: Layout) -> dict[str, State]:
    """The tensors of each network under the names that diffusers and transformers use.

    Raises ModelError that names a tensor which is not there.
    """
    from diffusers.loaders.single_file_utils import (
        convert_ldm_unet_checkpoint,
        convert_ldm_vae_checkpoint,
    )

    state = {
        name.replace(_LATER_TEXT_NAMES, _TEXT_NAMES, 1)
        if name.startswith(_LATER_TEXT_NAMES)
        else name: tensor
        for name, tensor in state.items()
    }
    try:
        return {
            "text_encoder": _text_encoder(state, layout),
            "unet": convert_ldm_unet_checkpoint(state, {"layers_per_block": 2, **layout.unet}),
            "vae": convert_ldm_vae_checkpoint(state, layout.vae),
        }
    except KeyError as error:  # the conversion asks for a tensor that is not there
        raise ModelError(
            f"The file lacks the tensor {error.args[0]!r}; download it again."
        ) from error


def predicts_velocity(unet: Any, text: torch.Tensor) -> bool:
    """True if a UNet was trained to predict v. Such a file does not contain this information.

    Given pure noise at the last step, one that predicts the noise returns its input, and one that
    predicts v = √ᾱ ε − √(1−ᾱ) x0 next to nothing of it. `text` is [1, tokens, width].
    """
    weight, run = next(unet.parameters()), make_runner(unet)
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(1, unet.config.in_channels, 32, 32, generator=generator)
    with torch.inference_mode():
        time = run.time_state(torch.tensor([999.0], device=weight.device))
        output = run(noise.to(weight), time, run.text_state(Rows({Role.SEQUENCE: text.to(weight)})))
    pair = torch.stack([noise.flatten(), output.float().cpu().flatten()])
    return bool(torch.corrcoef(pair)[0, 1] < 0.5)


def _text_encoder(state: State, layout: Layout) -> State:
    from diffusers.loaders.single_file_utils import (
        convert_ldm_clip_checkpoint,
        convert_open_clip_checkpoint,
    )
    from transformers.models.clip.configuration_clip import CLIPTextConfig

    if not any(name.startswith(_OPEN_CLIP) for name in state):
        return dict(convert_ldm_clip_checkpoint(state))

    class Described:
        """All that the conversion asks of a network is its config."""

        config = CLIPTextConfig.from_dict(dict(layout.text_encoder))

    layers = layout.text_encoder["num_hidden_layers"]
    unused = (f"{_OPEN_CLIP}transformer.resblocks.{layers}.", f"{_OPEN_CLIP}text_projection")
    kept = {name: tensor for name, tensor in state.items() if not name.startswith(unused)}
    return dict(convert_open_clip_checkpoint(Described(), kept))
