"""Where a model is: the one that ships with the program, a folder, a file, or the hub."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ModelError
from engine.models.check import STARTER_FOLDER
from engine.models.hub import Hub, Reporter, is_hub_id
from engine.models.wanted import clip_model, diffusion_model
from engine.walk import STARTER


def locate(location: str, half: bool, progress: Reporter) -> Path:
    """The folder or file of a model, downloaded where it is a hub id that is not in the cache.

    Raises ModelError where there is none, and whatever `progress` raises.
    """
    if location == STARTER:
        return STARTER_FOLDER
    path = Path(location).expanduser()
    if location and path.exists():
        return path
    if is_hub_id(location) and not path.parent.is_dir():
        return Hub().fetch(location, diffusion_model(half), progress)
    raise ModelError(
        f"There is no model {location!r}; give {STARTER!r}, a folder, a .safetensors file or a "
        "hub id (owner/name)."
    )


def locate_scorer(location: str, progress: Reporter) -> Path:
    """The folder of a CLIP model, downloaded where it is a hub id that is not in the cache."""
    path = Path(location).expanduser()
    if location and path.exists():
        return path
    if is_hub_id(location):
        return Hub().fetch(location, clip_model(), progress)
    raise ModelError(f"There is no CLIP model {location!r}; give a folder or a hub id.")
