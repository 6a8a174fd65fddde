"""The report of a model check: parts, family, and reasons not to open the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine.errors import ModelError

#: Files that can run code when they are opened, by suffix.
PICKLES = frozenset({".ckpt", ".pt", ".pth", ".bin", ".pkl"})


class ModelForm(StrEnum):
    """The form of a model on disk."""

    FOLDER = "Folder in the diffusers layout"
    FILE = "Single file"


class Family(StrEnum):
    """The architecture of a model, as shown in the window. OTHER: same layers, other sizes."""

    SD1 = "SD 1.x"
    SD2 = "SD 2.x"
    OTHER = "Stable Diffusion layout"


@dataclass(frozen=True, slots=True)
class ModelPart:
    """A network of the model: its config and its weights, which may be split into several files."""

    name: str
    config: Mapping[str, Any] = field(repr=False)
    weights: tuple[Path, ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class ModelReport:
    """The result of a check of `path`. A model with `problems` is not opened.

    `problems` are sentences. `form` is None if it is unknown because of the problems. `scheduler`
    is a class of diffusers, and `schedule` is its config. `notes` are further information.
    """

    path: Path
    form: ModelForm | None = None
    family: Family = Family.OTHER
    prediction: str = ""
    scheduler: str = ""
    schedule: Mapping[str, Any] = field(default_factory=dict, repr=False)
    parts: tuple[ModelPart, ...] = ()
    bytes: int = 0
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def problem(self) -> str:
        """Returns all problems as one text, or "" without problems."""
        return " ".join(self.problems)


def refused(path: Path, *problems: str) -> ModelReport:
    """Returns the report of a model that is not opened, with these reasons."""
    return ModelReport(path, problems=problems)


def read_object(file: Path) -> dict[str, Any]:
    """Reads a JSON object of a model. Raises ModelError with one sentence for any other file."""
    try:
        if file.stat().st_size > 2_000_000:
            raise ModelError(f"{file} is too large for a config; fetch the model again.")
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{file} is missing; choose a folder in the diffusers layout.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{file} cannot be read ({error}); fetch the model again.") from error
    if not isinstance(content, dict):
        raise ModelError(f"{file} is no JSON object; fetch the model again.")
    return content
