"""The parts of a single file: the names of their tensors, and the numbers of their weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from engine.models.families.contract import Configs
from engine.models.inspection.report import ModelPart
from engine.models.inspection.safetensors_header import WeightsHeader
from engine.models.inspection.weight_counts import count_weights

#: Where files keep the text encoders: of the first releases, of SD-Turbo and SDXL, and of SDXL.
TEXT, FIRST_TEXT, SECOND_TEXT = (
    "cond_stage_model.",
    "conditioner.embedders.0.",
    "conditioner.embedders.1.",
)
#: The begins of the names of a part's tensors: in the original layout, and in files that keep the
#: parts under the names of their folders.
_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "unet": ("model.diffusion_model.", "unet."),
    "vae": ("first_stage_model.", "vae."),
    "text_encoder": (TEXT, FIRST_TEXT, "text_encoder."),
    "text_encoder_2": (SECOND_TEXT, "text_encoder_2."),
}
_LEVEL = re.compile(r"(in|out)put_blocks\.(\d+)\.")
_LAYERS_PER_BLOCK = 2


def belongs_to(part: str, tensor: str) -> bool:
    """True if a tensor of a file belongs to a part. Files may also hold averaged copies."""
    return tensor.startswith(_PREFIXES[part])


def file_parts(path: Path, header: WeightsHeader, configs: Configs) -> tuple[ModelPart, ...]:
    """Returns the parts of a file that have these configs, with their numbers of weights.

    The blocks of the original layout are smaller than those that diffusers makes of them; the
    latter are counted.
    """
    parts = []
    for part, config in configs.items():
        layers = config.get("layers_per_block", _LAYERS_PER_BLOCK)
        places = {n: place for n, place in header.tensors.items() if belongs_to(part, n)}
        shapes = ((_network_name(name, layers), place.shape) for name, place in places.items())
        size = sum(place.bytes for place in places.values())
        parts.append(ModelPart(part, config, (path,), size, counts=count_weights(shapes)))
    return tuple(parts)


def _network_name(tensor: str, layers: int) -> str:
    """Returns a tensor's name with the block of the network that it is in."""
    name = tensor.replace("in_proj_weight", "in_proj.weight")  # of the attention of OpenCLIP
    name = name.replace("middle_block.1.", "mid_block.attentions.0.")
    if "middle_block." in name:
        return "mid_block.resnets"  # they are in no repeated block
    found = _LEVEL.search(name)
    if found is None:
        return name
    side, number = found[1], int(found[2])
    if side == "in" and number == 0:
        return name.replace(found[0], "conv_in.")
    level = (number - (side == "in")) // (layers + 1)
    return name.replace(found[0], f"{'down' if side == 'in' else 'up'}_blocks.{level}.")
