"""Locates a model: the starter model, a folder, a file, or a hub model."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from engine.atomic import person_path
from engine.errors import MissingModel, ModelError
from engine.models.hub.client import Hub, Reporter, is_hub_id
from engine.models.hub.required_files import RequiredFiles, clip_model, diffusion_model
from engine.models.inspection.check import STARTER_FOLDER, check_model
from engine.models.inspection.report import ModelReport
from engine.walk import STARTER


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model that was located, checked, and can be opened.

    `location` is what was asked for, and `report.path` where that is. `half` says that weights in
    half precision were preferred.
    """

    location: str
    half: bool
    report: ModelReport


def find_model(
    location: str, half: bool, progress: Reporter, downloads: Container[str] = ()
) -> FoundModel:
    """Locate a model and check it; parameters and errors as `locate`.

    Raises ModelError also where the model cannot be opened.
    """
    report = check_model(locate(location, half, progress, downloads), half)
    if not report.ok:
        raise ModelError(report.problem)
    return FoundModel(location, half, report)


def locate(location: str, half: bool, progress: Reporter, downloads: Container[str] = ()) -> Path:
    """The folder or file of a model; a hub id is downloaded only if it is among `downloads`.

    Raises ModelError where there is none, MissingModel where it would have to be downloaded, and
    whatever `progress` raises.
    """
    if location == STARTER:
        return STARTER_FOLDER
    path = person_path(location)
    if location and path.exists():
        return path
    if is_hub_id(location) and not path.parent.is_dir():
        return _from_hub(location, diffusion_model(half), progress, downloads)
    raise ModelError(
        f"There is no model {location!r}; give {STARTER!r}, a folder, a .safetensors file or a "
        "hub id (owner/name)."
    )


def locate_scorer(location: str, progress: Reporter, downloads: Container[str] = ()) -> Path:
    """The folder of a CLIP model; as `locate`."""
    path = person_path(location)
    if location and path.exists():
        return path
    if is_hub_id(location):
        return _from_hub(location, clip_model(), progress, downloads)
    raise ModelError(f"There is no CLIP model {location!r}; give a folder or a hub id.")


def scorer_of(report: ModelReport, named: str = "") -> Path | None:
    """The folder of the CLIP model that is `named`, a folder or hub id; for "" of the one that came
    with a model, or None if none came. Nothing is downloaded. Errors as `locate`."""
    if named:
        return locate_scorer(named, lambda *_: None)
    own = report.path / "clip"
    return own if (own / "config.json").is_file() else None


def _from_hub(
    model: str, wanted: RequiredFiles, progress: Reporter, downloads: Container[str]
) -> Path:
    hub = Hub()
    cached = hub.folder_of(model, wanted)
    if cached is not None:
        return cached
    if model not in downloads:
        raise MissingModel(model)
    return hub.fetch(model, wanted, progress)
