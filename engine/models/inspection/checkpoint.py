"""Checks the family and completeness of a single model file in the original layout."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ModelError
from engine.models.inspection.report import PICKLES, Family, ModelForm, ModelReport, refused
from engine.models.inspection.safetensors_header import WeightsHeader, read_header

#: A tensor that only one kind of file has → the kind of file, as the end of a sentence.
_MARKS = (
    ("conditioner.embedders.1.", "an SDXL checkpoint"),
    ("model.diffusion_model.label_emb.", "an SDXL checkpoint"),
    ("model.diffusion_model.joint_blocks.", "an SD 3 checkpoint"),
    ("double_blocks.", "a Flux checkpoint"),
    ("model.diffusion_model.double_blocks.", "a Flux checkpoint"),
    ("lora_", "a LoRA, an addition to a model"),
    ("first_stage_model.", "only a VAE"),
    ("down_blocks.", "one part of a diffusers folder"),
    ("text_model.", "only a text encoder"),
)
#: Names of the text encoder in the first releases, and in later ones such as SD-Turbo.
_TEXT_OF_SD1 = ("cond_stage_model.transformer.", "conditioner.embedders.0.transformer.")
_TEXT_OF_SD2 = ("cond_stage_model.model.", "conditioner.embedders.0.model.")
_FIRST_LAYER = "model.diffusion_model.input_blocks.0.0.weight"


def check_checkpoint(path: Path) -> ModelReport:
    """Checks a file with a complete model. Reads only its name and header."""
    if path.suffix.lower() in PICKLES:
        return refused(
            path,
            f"{path.name} is a pickle, which could run any code when it is opened; it was not "
            "opened: get the model as safetensors.",
        )
    if path.suffix.lower() != ".safetensors":
        return refused(path, f"{path.name} is no model; choose a folder or a .safetensors file.")
    try:
        header = read_header(path)
    except ModelError as error:
        return refused(path, str(error))
    problem = _wrong_checkpoint(path, header)
    if problem:
        return refused(path, problem)
    family = Family.SD1 if _has(header, *_TEXT_OF_SD1) else Family.SD2
    return ModelReport(path, ModelForm.FILE, family=family, bytes=header.bytes)


def _wrong_checkpoint(path: Path, header: WeightsHeader) -> str:
    """Returns the reason why a checkpoint is not SD 1.x or 2.x, or "" if it is."""
    what = next((what for mark, what in _MARKS if _has(header, mark)), "no diffusion model")
    channels = header.channels_into(_FIRST_LAYER)
    if channels is None or what.endswith("checkpoint"):
        return f"{path.name} is {what}; this program draws with whole SD 1.x and 2.x models."
    if channels != 4:
        return f"{path.name} takes {channels} channels, as inpainting does; this program needs 4."
    needed = {"a VAE": ("first_stage_model.",), "a text encoder": _TEXT_OF_SD1 + _TEXT_OF_SD2}
    lacking = [name for name, marks in needed.items() if not _has(header, *marks)]
    if lacking:
        return f"{path.name} lacks {' and '.join(lacking)}; choose a whole checkpoint."
    return ""


def _has(header: WeightsHeader, *prefixes: str) -> bool:
    return any(name.startswith(prefixes) for name in header.tensors)
