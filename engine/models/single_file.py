"""Single files: the tensors of each network under the names of diffusers and transformers.

Such a file holds weights alone. The configs it lacks are those of the published models, which
its family knows; renaming the tensors is diffusers' work.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from engine.conditioning import Role
from engine.errors import ModelError
from engine.models.families.contract import Config, Configs
from engine.models.networks.build import State
from engine.models.running.rows import Rows
from engine.models.running.unet_runner import make_runner

#: CLIP's vocabulary, which no such file contains.
TOKENIZER_FOLDER = Path(__file__).parents[2] / "resources" / "clip_tokenizer"

#: Where files keep the text encoders: of the first releases, of SD-Turbo and SDXL, and of SDXL.
_TEXT, _FIRST_TEXT, _SECOND_TEXT = (
    "cond_stage_model.",
    "conditioner.embedders.0.",
    "conditioner.embedders.1.",
)
_PREFIXES = ("model.diffusion_model.", "first_stage_model.", _TEXT, _FIRST_TEXT, _SECOND_TEXT)
_OPEN_CLIP = "model."
#: Files that keep the parts under the names of their folders.
_FOLDERS = ("unet.", "vae.", "text_encoder.", "text_encoder_2.")


def is_needed(name: str) -> bool:
    """True if a tensor belongs to the networks. Files may also hold averaged copies."""
    return name.startswith((*_PREFIXES, *_FOLDERS))


def converted(state: State, configs: Configs) -> dict[str, State]:
    """The tensors of each network under the names that diffusers and transformers use.

    Raises ModelError that names a tensor which is not there.
    """
    from diffusers.loaders.single_file_utils import (
        convert_ldm_unet_checkpoint,
        convert_ldm_vae_checkpoint,
    )

    if any(name.startswith("unet.") for name in state):
        return {name: _without(state, f"{name}.") for name in configs}
    unet = {"layers_per_block": 2, "num_class_embeds": None, **configs["unet"]}
    try:
        return {
            **_text_encoders(state, configs),
            "unet": convert_ldm_unet_checkpoint(state, unet),
            "vae": convert_ldm_vae_checkpoint(state, configs["vae"]),
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


def _text_encoders(state: State, configs: Configs) -> dict[str, State]:
    first = _without(state, _TEXT) or _without(state, _FIRST_TEXT)
    encoders = {"text_encoder": _text_encoder(first, configs["text_encoder"])}
    second = configs.get("text_encoder_2")
    if second is not None:
        encoders["text_encoder_2"] = _text_encoder(_without(state, _SECOND_TEXT), second)
    return encoders


def _without(state: State, prefix: str) -> State:
    """The tensors whose names begin with a prefix, without it."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in state.items()
        if name.startswith(prefix)
    }


def _text_encoder(state: State, config: Mapping[str, Any]) -> State:
    from diffusers.loaders.single_file_utils import convert_open_clip_checkpoint
    from transformers.models.clip.configuration_clip import CLIPTextConfig

    if not any(name.startswith(_OPEN_CLIP) for name in state):
        return _without(state, "transformer.")

    class Described:
        """All that the conversion asks of a network is its config."""

    described: Any = Described()
    described.config = CLIPTextConfig.from_dict(dict(config))
    layers = config["num_hidden_layers"]
    unused = (f"{_OPEN_CLIP}transformer.resblocks.{layers}.",)
    projection = f"{_OPEN_CLIP}text_projection"
    projected = "projection_dim" in config
    kept = {
        name: tensor
        for name, tensor in state.items()
        if not name.startswith(unused) and (projected or not name.startswith(projection))
    }
    return dict(convert_open_clip_checkpoint(described, kept, prefix=_OPEN_CLIP))


def schedule_of(schedule: Config, velocity: bool) -> Config:
    """The scheduler's config of a file, with the kind of its prediction."""
    return {**schedule, "prediction_type": "v_prediction" if velocity else "epsilon"}
