"""The report of a check of a model: its parts, its family, and reasons not to open it."""

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
    """The form of a model on the disk."""

    FOLDER = "Folder in the diffusers layout"
    FILE = "Single file"


class Family(StrEnum):
    """The architecture of a model, as the window says it. OTHER: its own sizes, the same layers."""

    SD1 = "SD 1.x"
    SD2 = "SD 2.x"
    OTHER = "Stable Diffusion layout"


@dataclass(frozen=True, slots=True)
class ModelPart:
    """A network of the model: its config and its weights, which may be split over files."""

    name: str
    config: Mapping[str, Any] = field(repr=False)
    weights: tuple[Path, ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class ModelReport:
    """The result of a check of `path`. A model with `problems`, which are sentences, is not opened.

    `form` is None if the problems leave it unknown. `scheduler` is a class of diffusers, `schedule`
    its config. `notes` are further information.
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
        """All problems as one text, "" without any."""
        return " ".join(self.problems)


def refused(path: Path, *problems: str) -> ModelReport:
    """The report of what is not opened, for these reasons."""
    return ModelReport(path, problems=problems)


def read_object(file: Path) -> dict[str, Any]:
    """A JSON object of a model. Raises ModelError, one sentence, where it is none."""
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
