"""Checks a CLIP model, which scores pictures, before it is opened."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ModelError
from engine.models.inspection.config_limits import read_config
from engine.models.inspection.folder_parts import missing_words
from engine.models.inspection.safetensors_header import read_header


def check_clip_config(folder: Path) -> str:
    """Returns the reason why the config in `folder` is not of a CLIP model, or ""."""
    try:
        is_clip = read_config(folder / "config.json").get("model_type") == "clip"
    except ModelError as error:
        return str(error)
    return "" if is_clip else f"{folder} is no CLIP model; choose another for scoring."


def check_clip(folder: Path) -> str:
    """Returns one sentence: the reason why the CLIP model in `folder` cannot score, or ""."""
    problem = check_clip_config(folder)
    if problem:
        return problem
    try:
        read_header(folder / "model.safetensors")
    except ModelError as error:
        return str(error)
    lacking = missing_words(folder)
    return f"{folder} lacks {', '.join(lacking)}; fetch the model again." if lacking else ""
