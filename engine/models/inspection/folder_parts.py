"""Finds the networks and tokenizers in a model's folder. Reads configs and headers only."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

from engine.errors import ModelError, install_command
from engine.models.families.contract import Part
from engine.models.inspection.config_limits import read_config
from engine.models.inspection.report import PICKLES, ModelPart, read_object
from engine.models.inspection.safetensors_header import WeightsHeader, read_header
from engine.models.inspection.weight_counts import count_weights

#: The files of which one suffices for a tokenizer, besides vocab.json with merges.txt.
_SENTENCE_PIECES = ("tokenizer.model", "spiece.model")
_WHOLE_TOKENIZERS = ("tokenizer.json", *_SENTENCE_PIECES)
#: The packages that read files of SentencePiece, which are not part of this program.
_PACKAGES = ("sentencepiece", "google.protobuf")


def absent(index: Mapping[str, Any], name: str) -> bool:
    """True if model_index.json says that the model has no such part."""
    entry = index.get(name)
    return entry is None or (isinstance(entry, list) and entry[0] is None)


def missing_words(folder: Path) -> list[str]:
    """Returns the missing tokenizer files. A tokenizer needs one file, or a pair of files."""
    if any((folder / name).is_file() for name in _WHOLE_TOKENIZERS):
        return []
    return [name for name in ("vocab.json", "merges.txt") if not (folder / name).is_file()]


def unreadable_words(folder: Path) -> str:
    """Returns the reason why the tokenizer in `folder` cannot be read on this machine, or ""."""
    pieces = [name for name in _SENTENCE_PIECES if (folder / name).is_file()]
    plain = ("tokenizer.json", "vocab.json")
    if not pieces or any((folder / name).is_file() for name in plain) or _reads_pieces():
        return ""
    return (
        f"The tokenizer {folder / pieces[0]} needs two packages more: "
        f"{install_command('sentencepiece', 'protobuf')}."
    )


def _reads_pieces() -> bool:
    try:
        return all(find_spec(package) is not None for package in _PACKAGES)
    except ModuleNotFoundError:  # of the package that "google" is
        return False


def read_part(path: Path, part: Part, index: Mapping[str, Any], half: bool) -> ModelPart | None:
    """Reads a network of the folder `path`, or returns None without one.

    Raises ModelError for damage.
    """
    folder = path / part.name
    if not folder.is_dir():
        return None
    config = read_config(folder / "config.json")
    weights = _weights_in(folder, part.stem, half)
    headers = [read_header(file) for file in weights]
    _check_channels(folder, config, headers)
    entry = index.get(part.name)
    kind = str(entry[1]) if isinstance(entry, list) else part.classes[0]
    size, shapes = sum(h.bytes for h in headers), (h.shapes for h in headers)
    counts = count_weights(chain.from_iterable(shapes))
    return ModelPart(part.name, config, tuple(weights), size, kind, counts)


def _weights_in(folder: Path, stem: str, half: bool) -> list[Path]:
    """Returns the safetensors files of a network, in the preferred precision if both exist."""
    for variant in (".fp16", "") if half else ("", ".fp16"):
        whole = folder / f"{stem}{variant}.safetensors"
        if whole.is_file():
            return [whole]
        index = folder / f"{stem}.safetensors.index{variant}.json"
        if index.is_file():
            return _shards(index)
    pickles = sorted(f.name for f in folder.iterdir() if f.suffix in PICKLES)
    if pickles:
        raise ModelError(
            f"{folder} has its weights only as a pickle ({pickles[0]}), which could run any code; "
            "it was not opened: get the model as safetensors."
        )
    raise ModelError(f"{folder} lacks its weights ({stem}.safetensors); fetch the model again.")


def _shards(index: Path) -> list[Path]:
    names = read_object(index).get("weight_map")
    if not isinstance(names, dict) or not all(
        isinstance(n, str) and n == Path(n).name and n.endswith(".safetensors")
        for n in names.values()
    ):
        raise ModelError(f"{index} is no index of weights; fetch the model again.")
    return [index.parent / name for name in sorted(set(names.values()))]


def _check_channels(folder: Path, config: Mapping[str, Any], headers: list[WeightsHeader]) -> None:
    """Compares a UNet's first layer with the config. Raises ModelError with both values."""
    if folder.name != "unet":
        return
    for header in headers:
        channels = header.channels_into("conv_in.weight")
        if channels is not None and channels != config.get("in_channels", 4):
            raise ModelError(
                f"The weights in {folder} take {channels} channels where the config says "
                f"{config.get('in_channels', 4)}; fetch the model again."
            )
