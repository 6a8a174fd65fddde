"""The report of a model check: parts, family, and reasons not to open the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models.families.contract import INDEX
from engine.models.inspection.weight_counts import NO_WEIGHTS, WeightCounts

#: Files that can run code when they are opened, by suffix.
PICKLES = frozenset({".ckpt", ".pt", ".pth", ".bin", ".pkl"})


class ModelForm(StrEnum):
    """The form of a model on disk."""

    FOLDER = "Folder in the diffusers layout"
    FILE = "Single file"


@dataclass(frozen=True, slots=True)
class ModelPart:
    """A network of the model: its config and its weights, which may be split into several files.

    `kind` is its class in diffusers or transformers, and `counts` the number of its weights.
    """

    name: str
    config: Mapping[str, Any] = field(repr=False)
    weights: tuple[Path, ...]
    bytes: int
    kind: str = ""
    counts: WeightCounts = NO_WEIGHTS


@dataclass(frozen=True, slots=True)
class ModelReport:
    """The result of a check of `path`. A model with `problems` is not opened.

    `problems` are sentences. `form` is None if it is unknown because of the problems. `family` is
    the name of a registered family, "" if it is unknown, and `label` what the window shows of it.
    `scheduler` is a class of diffusers, and `schedule` is its config. `index` is the content of
    model_index.json. `notes` are further information.
    """

    path: Path
    form: ModelForm | None = None
    family: str = ""
    label: str = ""
    prediction: str = ""
    scheduler: str = ""
    schedule: Mapping[str, Any] = field(default_factory=dict, repr=False)
    index: Mapping[str, Any] = field(default_factory=dict, repr=False)
    parts: tuple[ModelPart, ...] = ()
    bytes: int = 0
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def configs(self) -> dict[str, Mapping[str, Any]]:
        """The configs of the parts, of the scheduler, and of a folder as a whole."""
        configs = {part.name: part.config for part in self.parts}
        whole = {INDEX: self.index} if self.index else {}
        return {**configs, "scheduler": self.schedule, **whole}

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
        if file.exists() and not file.is_file():  # a link may lead to a device without an end
            raise ModelError(f"{file} is no file; fetch the model again.")
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
