"""Where a model is: the one that ships with the program, a folder, a file, or the hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.errors import ModelError
from engine.models.check import STARTER_FOLDER
from engine.models.hub import Hub, is_hub_id
from engine.walk import STARTER


def locate(location: str, half: bool, progress: Callable[[str, float], None]) -> Path:
    """The folder or file of a model, downloaded where it is a hub id that is not in the cache.

    Raises ModelError where there is none, and whatever `progress` raises.
    """
    if location == STARTER:
        return STARTER_FOLDER
    path = Path(location).expanduser()
    if path.exists():
        return path
    if is_hub_id(location) and not path.parent.is_dir():
        return Hub().fetch(location, half, progress)
    raise ModelError(
        f"There is no model {location!r}; give {STARTER!r}, a folder, a .safetensors file or a "
        "hub id (owner/name)."
    )
