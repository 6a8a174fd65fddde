"""Selects the required files of a hub model and checks that all of them are present."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelError
from engine.models.hub.download import RemoteFile
from engine.models.inspection.check import check_clip, check_clip_config, check_configs, check_model

Listing = Mapping[str, RemoteFile]

_CONFIGS = re.compile(
    r"model_index\.json|scheduler/scheduler_config\.json"
    r"|tokenizer/[\w.-]+\.(json|txt)|(text_encoder|unet|vae)/config\.json"
)
_CLIP_FILES = re.compile(
    r"(preprocessor_|tokenizer_)?config\.json|(tokenizer|vocab|special_tokens_map|added_tokens)\.json"
    r"|merges\.txt|model\.safetensors"
)


@dataclass(frozen=True, slots=True)
class RequiredFiles:
    """The required files of one kind of model.

    `is_whole` is true if a folder contains a complete model. `choose` selects the files to
    download from a listing. It raises ModelError with one sentence if the listing has no such
    model. `problem` reads the configs of a folder before the weights are downloaded. It returns
    the reason why the model cannot be used, or "" if there is no problem.
    """

    is_whole: Callable[[Path], bool]
    choose: Callable[[str, Listing], tuple[RemoteFile, ...]]
    problem: Callable[[Path], str]


def diffusion_model(half: bool) -> RequiredFiles:
    """Returns the files of a Stable Diffusion folder. `half` prefers weights in half precision."""
    return RequiredFiles(
        is_whole=lambda folder: check_model(folder, half).ok,
        choose=lambda model, listing: _diffusion_files(model, listing, half),
        problem=check_configs,
    )


def any_model(half: bool) -> RequiredFiles:
    """Returns the files of a Stable Diffusion or CLIP folder, by its contents."""
    draws, scores = diffusion_model(half), clip_model()

    def choose(model: str, listing: Listing) -> tuple[RemoteFile, ...]:
        kind = scores if "model_index.json" not in listing and "config.json" in listing else draws
        return kind.choose(model, listing)

    def problem(folder: Path) -> str:
        kind = draws if (folder / "model_index.json").is_file() else scores
        return kind.problem(folder)

    return RequiredFiles(
        lambda folder: draws.is_whole(folder) or scores.is_whole(folder), choose, problem
    )


def clip_model() -> RequiredFiles:
    """Returns the files of a CLIP folder, for scoring."""
    return RequiredFiles(
        is_whole=lambda folder: not check_clip(folder),
        choose=_clip_files,
        problem=check_clip_config,
    )


def _diffusion_files(model: str, listing: Listing, half: bool) -> tuple[RemoteFile, ...]:
    if "model_index.json" not in listing:
        raise ModelError(f"{model} has no diffusers layout; choose another, or a single file.")
    if any(name.startswith("text_encoder_2/") for name in listing):
        raise ModelError(f"{model} is an SDXL model; this program draws with SD 1.x and 2.x.")
    configs = [file for name, file in listing.items() if _CONFIGS.fullmatch(name)]
    weights = [_weights(model, listing, part, half) for part in ("text_encoder", "unet", "vae")]
    return (*configs, *weights)


def _weights(model: str, listing: Listing, part: str, half: bool) -> RemoteFile:
    stem = "model" if part == "text_encoder" else "diffusion_pytorch_model"
    for variant in (".fp16", "") if half else ("", ".fp16"):
        name = f"{part}/{stem}{variant}.safetensors"
        if name in listing:
            return listing[name]
    raise ModelError(
        f"{model} has no {part}/{stem}.safetensors; "
        "choose a Stable Diffusion 1.x or 2.x model with safetensors weights."
    )


def _clip_files(model: str, listing: Listing) -> tuple[RemoteFile, ...]:
    if "config.json" not in listing or "model.safetensors" not in listing:
        raise ModelError(f"{model} is no CLIP model with safetensors weights; choose another.")
    return tuple(file for name, file in listing.items() if _CLIP_FILES.fullmatch(name))
