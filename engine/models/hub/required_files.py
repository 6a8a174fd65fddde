"""Selects the required files of a hub model and checks that all of them are present."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelError
from engine.models.families.contract import Part, families
from engine.models.hub.download import RemoteFile
from engine.models.inspection.check import check_configs, check_model
from engine.models.inspection.check_clip import check_clip, check_clip_config

Listing = Mapping[str, RemoteFile]

_CONFIGS = re.compile(
    r"model_index\.json|scheduler/scheduler_config\.json"
    r"|tokenizer\w*/[\w.-]+\.(json|txt|model|jinja)|\w+/config\.json"
)
_TOKENIZERS = ("tokenizer", "tokenizer_2", "tokenizer_3")
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
    """Returns the files of a folder in the diffusers layout. `half` prefers half precision."""
    return RequiredFiles(
        is_whole=lambda folder: check_model(folder, half).ok,
        choose=lambda model, listing: _diffusion_files(model, listing, half),
        problem=check_configs,
    )


def any_model(half: bool) -> RequiredFiles:
    """Returns the files of a diffusers or CLIP folder, by its contents."""
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
    parts = _parts(listing)
    folders = {*parts, *_TOKENIZERS, "scheduler"}
    configs = [
        file
        for name, file in listing.items()
        if _CONFIGS.fullmatch(name) and name.split("/")[0] in {*folders, "model_index.json"}
    ]
    weights = [file for part in parts.values() for file in _weights(model, listing, part, half)]
    return (*configs, *weights)


def _parts(listing: Listing) -> dict[str, Part]:
    """Returns the networks in a listing that some family uses, by folder."""
    folders = {name.split("/")[0] for name in listing if "/" in name}
    known = (part for name in families.names() for part in families.get(name).parts)
    return {part.name: part for part in known if part.name in folders}


def _weights(model: str, listing: Listing, part: Part, half: bool) -> list[RemoteFile]:
    """Returns the weights of a part in the preferred precision: one file, or pieces and a list."""
    stem = f"{part.name}/{part.stem}"
    for variant in (".fp16", "") if half else ("", ".fp16"):
        whole = listing.get(f"{stem}{variant}.safetensors")
        if whole is not None:
            return [whole]
        index = listing.get(f"{stem}.safetensors.index{variant}.json")
        if index is not None:
            pieces = (file for name, file in listing.items() if _is_piece(name, stem, variant))
            return [index, *pieces]
    raise ModelError(f"{model} has no {stem}.safetensors; choose a model with safetensors weights.")


def _is_piece(name: str, stem: str, variant: str) -> bool:
    """True for stem-00001-of-00002.safetensors; the variant stands before or after the numbers."""
    numbers = r"-\d+-of-\d+"
    rest = name.removeprefix(stem).removesuffix(".safetensors")
    places = {f"{re.escape(variant)}{numbers}", f"{numbers}{re.escape(variant)}"}
    is_weights = name.startswith(stem) and name.endswith(".safetensors")
    return is_weights and any(re.fullmatch(place, rest) for place in places)


def _clip_files(model: str, listing: Listing) -> tuple[RemoteFile, ...]:
    if "config.json" not in listing or "model.safetensors" not in listing:
        raise ModelError(f"{model} is no CLIP model with safetensors weights; choose another.")
    return tuple(file for name, file in listing.items() if _CLIP_FILES.fullmatch(name))
