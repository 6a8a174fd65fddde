"""Where models are: the one that ships with the program, folders, files, and the hub's cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.errors import ModelError
from engine.models.check import STARTER_FOLDER
from engine.walk import STARTER


def locate(location: str, half: bool, progress: Callable[[str, float], None]) -> Path:
    """The folder or file of a model. Raises ModelError where there is none."""
    if location == STARTER:
        return STARTER_FOLDER
    path = Path(location).expanduser()
    if path.exists():
        return path
    raise ModelError(f"There is no model {location!r}; give {STARTER!r}, a folder or a file.")
