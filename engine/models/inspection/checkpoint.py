"""Checks the family and completeness of a single file in the original layout of its family."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ModelError
from engine.models.families.contract import families
from engine.models.inspection.file_parts import file_parts
from engine.models.inspection.report import PICKLES, ModelForm, ModelReport, refused
from engine.models.inspection.safetensors_header import WeightsHeader, read_header

#: A tensor that only one kind of file has → the kind of file, as the end of a sentence.
_MARKS = (
    ("model.diffusion_model.joint_blocks.", "an SD 3 checkpoint"),
    ("double_blocks.", "a Flux checkpoint"),
    ("model.diffusion_model.double_blocks.", "a Flux checkpoint"),
    ("lora_", "a LoRA, an addition to a model"),
    ("first_stage_model.", "only a VAE"),
    ("down_blocks.", "one part of a diffusers folder"),
    ("text_model.", "only a text encoder"),
)
#: The first layer of a UNet in the original layout, and under the names of folders.
_FIRST_LAYERS = ("model.diffusion_model.input_blocks.0.0.weight", "unet.conv_in.weight")


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
    for name in families.names():
        kind = families.get(name).kind_of_file(header.tensors)
        if kind:
            layout = families.get(name).layouts[kind]
            scheduler, schedule = layout.scheduler_for(path.stem)
            return ModelReport(
                path,
                ModelForm.FILE,
                family=name,
                label=kind,
                scheduler=scheduler,
                schedule={**schedule, "_class_name": scheduler},
                parts=file_parts(path, header, layout.configs),
                bytes=header.bytes,
            )
    return refused(path, f"{path.name} lacks a text encoder; choose a whole checkpoint.")


def _wrong_checkpoint(path: Path, header: WeightsHeader) -> str:
    """Returns the reason why a checkpoint is of no known family or not whole, or ""."""
    what = next((what for mark, what in _MARKS if _has(header, mark)), "no diffusion model")
    found = (header.channels_into(layer) for layer in _FIRST_LAYERS)
    channels = next((count for count in found if count is not None), None)
    if channels is None or what.endswith("checkpoint"):
        labels = [label for name in families.names() for label in families.get(name).layouts]
        return (
            f"{path.name} is {what}; of single files, this program draws with whole models of "
            f"{', '.join(labels)}; get others as a folder."
        )
    if channels != 4:
        return f"{path.name} takes {channels} channels, as inpainting does; this program needs 4."
    if not _has(header, "first_stage_model.", "vae."):
        return f"{path.name} lacks a VAE; choose a whole checkpoint."
    return ""


def _has(header: WeightsHeader, *prefixes: str) -> bool:
    return any(name.startswith(prefixes) for name in header.tensors)
