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
from engine.models.families.contract import Config
from engine.models.inspection.file_parts import FIRST_TEXT, SECOND_TEXT, TEXT
from engine.models.networks.build import State
from engine.models.running.rows import Rows
from engine.models.running.unet_runner import make_runner

#: CLIP's vocabulary, which no such file contains.
TOKENIZER_FOLDER = Path(__file__).parents[2] / "resources" / "clip_tokenizer"

_OPEN_CLIP = "model."


def converted(state: State, part: str, config: Config) -> State:
    """The tensors of a part under the names that diffusers and transformers use.

    `state` holds the part's tensors under the names of the file. Raises ModelError that names a
    tensor which is not there.
    """
    from diffusers.loaders.single_file_utils import (
        convert_ldm_unet_checkpoint,
        convert_ldm_vae_checkpoint,
    )

    by_folder = _without(state, f"{part}.")
    if by_folder:
        return by_folder
    try:
        if part == "unet":
            described = {"layers_per_block": 2, "num_class_embeds": None, **config}
            return dict(convert_ldm_unet_checkpoint(state, described))
        if part == "vae":
            return dict(convert_ldm_vae_checkpoint(state, config))
        prefixes = (SECOND_TEXT,) if part == "text_encoder_2" else (TEXT, FIRST_TEXT)
        found = (_without(state, prefix) for prefix in prefixes)
        return _text_encoder(next(filter(None, found), {}), config)
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
