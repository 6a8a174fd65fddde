"""Open a model by name, folder, file or hub id, and put it on its device."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from engine.errors import ModelError
from engine.models.check import check_model
from engine.models.devices import choose_device, choose_dtype, use_threads
from engine.models.find import locate
from engine.models.identity import identity_of
from engine.models.loaded import DiffusionModel, ModelCard, ModelParts
from engine.models.networks import State, build_text_encoder, build_unet, build_vae, read_weights
from engine.models.recommend import recommended
from engine.models.report import ModelPart, ModelReport
from engine.models.schedulers import pipeline_config
from engine.models.tokens import TokenCounter
from engine.walk import STARTER

#: Called with what is being done, and how much of the loading is done, 0–1.
Reporter = Callable[[str, float], None]

_BUILDERS = {"text_encoder": build_text_encoder, "unet": build_unet, "vae": build_vae}
_LABELS = {"text_encoder": "text encoder", "unet": "UNet", "vae": "VAE"}


def open_model(
    location: str, device: str = "", precision: str = "", progress: Reporter = lambda *_: None
) -> DiffusionModel:
    """The model at `location`: "starter", a folder, a .safetensors file or a hub id.

    `device` and `precision` "" are chosen by the machine. Blocks; any thread. Raises ModelError
    where the model cannot be used, InputError for a device or precision that is not there, and
    whatever `progress` raises, which is how a caller cancels.
    """
    target = choose_device(device)
    dtype = choose_dtype(target, precision)
    use_threads()
    progress("Looking for the model", 0.0)
    path = locate(location, half=dtype != torch.float32, progress=progress)
    report = check_model(path, half=dtype != torch.float32)
    if not report.ok:
        raise ModelError(report.problem)
    name = "Starter" if location == STARTER else path_name(location, path)
    return _open_folder(report, name, location, target, dtype, progress)


def path_name(location: str, path: Path) -> str:
    """What a model is called in the window: a hub id's own name, or the folder's or file's."""
    return location.rpartition("/")[2] if not Path(location).exists() else path.stem


def _open_folder(
    report: ModelReport,
    name: str,
    location: str,
    device: torch.device,
    dtype: torch.dtype,
    progress: Reporter,
) -> DiffusionModel:
    folder = report.path
    networks: dict[str, Any] = {}
    for part in report.parts:
        progress(f"Loading the {_LABELS[part.name]}", 0.1 + 0.3 * len(networks))
        networks[part.name] = _network(part, device, dtype)
    card = ModelCard(
        identity=identity_of(folder, _pixel_files(report)),
        name=name,
        location=location,
        family=report.family,
        scheduler_class=report.scheduler,
        scheduler_config=pipeline_config(report.scheduler, report.schedule),
        default_sampling=recommended(folder, report),
        scorer=folder / "clip" if (folder / "clip" / "config.json").is_file() else None,
    )
    progress("Ready", 1.0)
    return DiffusionModel(
        card, ModelParts(TokenCounter(folder / "tokenizer"), **networks), device, dtype
    )


def _network(part: ModelPart, device: torch.device, dtype: torch.dtype) -> Any:
    # Eight bits of mantissa band visibly in the picture: a bfloat16 model decodes in float32.
    if part.name == "vae" and dtype == torch.bfloat16:
        dtype = torch.float32
    state: State = {}
    for file in part.weights:
        state |= read_weights(file, dtype)
    return _BUILDERS[part.name](part.config, state).to(device)


def _pixel_files(report: ModelReport) -> list[Path]:
    """The files that the pictures depend on: not the model card, the scorer, the safety checker."""
    folder = report.path
    configs = [folder / part.name / "config.json" for part in report.parts]
    weights = [file for part in report.parts for file in part.weights]
    names = ("tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json")
    tokenizer = [f for name in names if (f := folder / "tokenizer" / name).is_file()]
    return [*configs, *weights, *tokenizer, folder / "scheduler" / "scheduler_config.json"]
