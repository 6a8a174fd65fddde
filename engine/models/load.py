"""Open a model by name, folder, file or hub id, and put it on its device."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from engine.models.inspection.identity import identity_of
from engine.models.inspection.recommended_settings import recommended
from engine.models.inspection.report import Family, ModelForm, ModelReport
from engine.models.inspection.scheduler_config import pipeline_config
from engine.models.loaded import DiffusionModel, ModelCard, ModelParts
from engine.models.locate import FoundModel, find_model
from engine.models.networks.build import (
    State,
    build_text_encoder,
    build_unet,
    build_vae,
    is_used,
)
from engine.models.networks.tokens import TokenCounter
from engine.models.running.devices import choose_device, choose_dtype, require_working, use_threads
from engine.models.single_file import (
    LAYOUTS,
    SCHEDULE,
    SCHEDULER,
    TOKENIZER_FOLDER,
    converted,
    is_needed,
    predicts_velocity,
)
from engine.models.weights_file import read_weights
from engine.walk import STARTER

#: Called with what is being done, and how much of the loading is done, 0–1.
Reporter = Callable[[str, float], None]

#: The environment variable that turns CUDA graphs on, with the value "1".
CUDA_GRAPHS = "LATENT_TRAILS_CUDA_GRAPHS"

_BUILDERS = {"text_encoder": build_text_encoder, "unet": build_unet, "vae": build_vae}
_LABELS = {"text_encoder": "text encoder", "unet": "UNet", "vae": "VAE", "file": "file"}


def open_model(
    location: str,
    device: str = "",
    precision: str = "",
    progress: Reporter = lambda *_: None,
    downloads: Container[str] = (),
    found: FoundModel | None = None,
) -> DiffusionModel:
    """The model at `location`: "starter", a folder, a .safetensors file or a hub id.

    `device` and `precision` "" are chosen by the machine; of the hub, only what is among
    `downloads` is fetched. A model that was `found` for the same location and precision is not
    looked for and checked again. Blocks; any thread. Raises ModelError where the model cannot be
    used, InputError for a device or precision that is not there, and whatever `progress` raises,
    which is how a caller cancels.
    """
    target = choose_device(device)
    dtype = choose_dtype(target, precision)
    require_working(target, dtype)
    use_threads()
    progress("Looking for the model", 0.0)
    half = dtype != torch.float32
    if found is None or (found.location, found.half) != (location, half):
        found = find_model(location, half, progress, downloads)
    loader = _Loader(found.report, location, target, dtype, progress)
    return loader.open_file() if found.report.form is ModelForm.FILE else loader.open_folder()


class _Loader:
    """One opening of a model: reads the networks, describes them, reports on the way."""

    def __init__(
        self,
        report: ModelReport,
        location: str,
        device: torch.device,
        dtype: torch.dtype,
        progress: Reporter,
    ) -> None:
        self._report, self._location = report, location
        self._device, self._dtype, self._progress = device, dtype, progress

    def open_folder(self) -> DiffusionModel:
        """A model in the diffusers layout."""
        report = self._report
        networks: dict[str, Any] = {}
        for part in report.parts:
            self._tell(part.name, len(networks))
            state: State = {}
            for file in part.weights:
                used = partial(is_used, part.name)
                state |= read_weights(file, self._dtype_of(part.name), used)
            networks[part.name] = self._build(part.name, part.config, state)
        tokenizer = TokenCounter(report.path / "tokenizer")
        card = self._card(
            identity_of(report.path, _pixel_files(report)), report.scheduler, report.schedule
        )
        return self._opened(card, ModelParts(tokenizer, **networks))

    def open_file(self) -> DiffusionModel:
        """A model in the original layout, whose configs are known by its family."""
        path, layout = self._report.path, LAYOUTS[self._report.family]
        self._tell("file", 0)
        states = converted(read_weights(path, torch.float32, is_needed), layout)
        networks: dict[str, Any] = {}
        for name, state in states.items():
            self._tell(name, len(networks))
            state = {key: tensor.to(self._dtype_of(name)) for key, tensor in state.items()}
            networks[name] = self._build(name, getattr(layout, name), state)
        tokenizer = TokenCounter(TOKENIZER_FOLDER, layout.padding)
        parts = ModelParts(tokenizer, **networks)
        ids = torch.tensor(tokenizer.ids([""]), device=self._device)
        velocity = predicts_velocity(parts.unet, parts.text_encoder(ids))
        schedule = {**SCHEDULE, "prediction_type": "v_prediction" if velocity else "epsilon"}
        card = self._card(identity_of(path.parent, [path]), SCHEDULER, schedule)
        # Of the models of SD 2.x, only the large one predicts v.
        if velocity and self._report.family is Family.SD2:
            large = replace(card.default_sampling, width=768, height=768)
            card = replace(card, default_sampling=large)
        return self._opened(card, parts)

    def _opened(self, card: ModelCard, parts: ModelParts) -> DiffusionModel:
        self._progress("Ready", 1.0)
        graphs = os.environ.get(CUDA_GRAPHS) == "1"
        return DiffusionModel(card, parts, self._device, self._dtype, cuda_graphs=graphs)

    def _card(self, identity: str, scheduler: str, schedule: Mapping[str, Any]) -> ModelCard:
        report = self._report
        scorer = report.path / "clip"
        return ModelCard(
            identity=identity,
            name=_name_of(self._location, report.path),
            location=self._location,
            scheduler_class=scheduler,
            scheduler_config=pipeline_config(scheduler, schedule),
            default_sampling=recommended(report.path, report),
            scorer=scorer if (scorer / "config.json").is_file() else None,
        )

    def _build(self, name: str, config: Mapping[str, Any], state: State) -> Any:
        return _BUILDERS[name](config, state).to(self._device)

    def _dtype_of(self, name: str) -> torch.dtype:
        # Eight bits of mantissa band visibly in the picture: a bfloat16 model decodes in float32.
        if name == "vae" and self._dtype == torch.bfloat16:
            return torch.float32
        return self._dtype

    def _tell(self, name: str, done: int) -> None:
        self._progress(f"Loading the {_LABELS[name]}", 0.1 + 0.3 * done)


def _name_of(location: str, path: Path) -> str:
    """Returns a model's name: the last part of a hub id, or the name of a folder or file."""
    if location == STARTER:
        return "Starter"
    return path.stem if Path(location).expanduser().exists() else location.rpartition("/")[2]


def _pixel_files(report: ModelReport) -> list[Path]:
    """The files that the pictures depend on: not the model card, the scorer, the safety checker."""
    folder = report.path
    configs = [folder / part.name / "config.json" for part in report.parts]
    weights = [file for part in report.parts for file in part.weights]
    names = (
        *("tokenizer.json", "vocab.json", "merges.txt"),
        *("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"),
    )
    tokenizer = [f for name in names if (f := folder / "tokenizer" / name).is_file()]
    return [*configs, *weights, *tokenizer, folder / "scheduler" / "scheduler_config.json"]
