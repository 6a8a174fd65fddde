"""Open a model by name, folder, file or hub id, and put it on its device."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch

from engine.conditioning import Role
from engine.models.block_by_block import block_by_block
from engine.models.families.contract import Family, families
from engine.models.inspection.file_parts import belongs_to
from engine.models.inspection.identity import model_identity
from engine.models.inspection.memory_need import Fit, bits_of, memory_need
from engine.models.inspection.recommended_settings import recommended
from engine.models.inspection.report import ModelForm, ModelPart, ModelReport
from engine.models.inspection.safetensors_header import read_header
from engine.models.loaded import DiffusionModel, ModelCard
from engine.models.locate import FoundModel, find_model, scorer_of
from engine.models.low_bits import with_low_bits
from engine.models.networks.build import State
from engine.models.networks.tokens import TokenCounter
from engine.models.parts import Parts
from engine.models.pretrained import open_part, open_tokenizer
from engine.models.running.devices import (
    choose_device,
    choose_dtype,
    free_memory,
    require_working,
    use_threads,
)
from engine.models.running.precision import PrecisionTrials
from engine.models.schedules.scheduler_config import pipeline_config
from engine.models.single_file import (
    TOKENIZER_FOLDER,
    converted,
    predicts_velocity,
    schedule_of,
)
from engine.models.weights_file import read_weights
from engine.requests import require_weights
from engine.walk import STARTER

#: Called with what is being done, and how much of the loading is done, 0–1.
Reporter = Callable[[str, float], None]

#: The environment variable that turns CUDA graphs on, with the value "1".
CUDA_GRAPHS = "LATENT_TRAILS_CUDA_GRAPHS"

_LABELS = {"unet": "UNet", "vae": "VAE"}


def open_model(
    location: str,
    device: str = "",
    precision: str = "",
    progress: Reporter = lambda *_: None,
    downloads: Container[str] = (),
    found: FoundModel | None = None,
    trials: PrecisionTrials | None = None,
    weight_bits: int = 0,
) -> DiffusionModel:
    """The model at `location`: "starter", a folder, a .safetensors file or a hub id.

    `device` and `precision` "" are chosen by the machine; with `trials`, the precision of a large
    model on a CPU by measurement. `weight_bits` 8 or 4 are those of linear layers, where the family
    can have them; 0 for the precision. Of the hub, only what is among `downloads` is fetched. A
    model that was `found` for the same location and precision is not looked for and checked again.
    Blocks; any thread. Raises ModelError where the model cannot be used, InputError for a device,
    precision or library that is not there, and whatever `progress` raises, which is how a caller
    cancels.
    """
    require_weights(weight_bits)
    target = choose_device(device)
    dtype = choose_dtype(target, precision)
    require_working(target, dtype)
    use_threads()
    progress("Looking for the model", 0.0)
    half = dtype != torch.float32
    if found is None or (found.location, found.half) != (location, half):
        found = find_model(location, half, progress, downloads)
    if half and not precision:
        dtype = choose_dtype(target, families.get(found.report.family).half)
    report, identity = found.report, model_identity(found.report)
    bits = bits_of(report, weight_bits)

    def open_in(kind: torch.dtype) -> DiffusionModel:
        return _Loader(report, location, identity, target, kind, bits, progress).open()

    if trials is None or precision or target.type != "cpu" or bits:
        return open_in(dtype)
    return trials.open(open_in, identity, progress)


class _Loader:
    """One opening of a model: reads the networks, describes them, reports on the way."""

    def __init__(
        self,
        report: ModelReport,
        location: str,
        identity: str,
        device: torch.device,
        dtype: torch.dtype,
        weight_bits: int,
        progress: Reporter,
    ) -> None:
        self._report, self._location, self._identity = report, location, identity
        self._device, self._dtype, self._progress = device, dtype, progress
        self._weight_bits, self._fit = weight_bits, Fit.WHOLE
        self._kind = families.get(report.family)

    def open(self) -> DiffusionModel:
        """The model in its form."""
        self._fit = self._fit_of_parts()
        file = self._report.form is ModelForm.FILE
        return self._open_file() if file else self._open_folder()

    def _open_folder(self) -> DiffusionModel:
        """A model in the diffusers layout."""
        report, family = self._report, self._kind(self._report.configs)
        tokenizers = {
            name: partial(self._tokenizer, report.path / name)
            for name in family.tokenizers
            if (report.path / name).is_dir()
        }
        parts = self._parts(family, self._network, tokenizers)
        return self._opened(family, parts, report.schedule)

    def _open_file(self) -> DiffusionModel:
        """A model in the original layout, whose configs are known by its family."""
        report, layout = self._report, self._kind.layouts[self._report.label]
        family = self._kind(report.configs)
        tokenizers = {
            name: partial(TokenCounter, TOKENIZER_FOLDER, padding)
            for name, padding in layout.tokenizers.items()
        }
        parts = self._parts(family, self._network_of_file, tokenizers)
        schedule = schedule_of(report.schedule, self._is_velocity(family, parts))
        family = self._kind({**report.configs, "scheduler": schedule})
        return self._opened(family, parts, schedule)

    def _parts(
        self,
        family: Family,
        network: Callable[[Family, ModelPart], Any],
        tokenizers: Mapping[str, Callable[[], Any]],
    ) -> Parts:
        """The parts of the model. Those that are needed now are open."""
        networks = {part.name: partial(network, family, part) for part in self._report.parts}
        openers: dict[str, Callable[[], Any]] = {**networks, **tokenizers}
        parts = Parts(openers)
        for number, name in enumerate(openers):
            if not self._apart or name in ("vae", *tokenizers):
                self._tell(name, number / len(openers))
                _ = parts[name]
        return parts

    @property
    def _apart(self) -> bool:
        """True if text encoders and the denoiser are never open together."""
        return self._fit is not Fit.WHOLE

    def _fit_of_parts(self) -> Fit:
        """The way in which the parts fit into the device's memory; the last that there is."""
        half, gpu = self._dtype != torch.float32, self._device.type != "cpu"
        need = memory_need(self._report, half, self._weight_bits)
        fit = need.fit(free_memory(self._device), gpu)
        if fit is not Fit.NOT:
            return fit
        return Fit.BLOCKS if gpu and need.blocks < need.apart else Fit.APART

    def _is_velocity(self, family: Family, parts: Parts) -> bool:
        if family.velocity_mark:
            return family.velocity_mark in read_header(self._report.path).tensors
        text = family.encode(parts, "", negative=False).arrays[Role.SEQUENCE]
        if self._apart:
            parts.free(family.encoders)
        return predicts_velocity(parts[family.denoiser], torch.tensor(text)[None])

    def _network_of_file(self, family: Family, part: ModelPart) -> Any:
        needed = partial(belongs_to, part.name)
        state = read_weights(self._report.path, self._dtype_of(part.name), needed)
        state = converted(state, part.name, part.config)
        return self._on_device(part.name, family.build(part.name, part.config, state))

    def _network(self, family: Family, part: ModelPart) -> Any:
        dtype = self._dtype_of(part.name)
        if not family.own_networks:
            return self._on_device(part.name, open_part(self._report.path, part, dtype))
        state: State = {}
        for file in part.weights:
            state |= read_weights(file, dtype, partial(family.uses, part.name))
        return self._on_device(part.name, family.build(part.name, part.config, state))

    def _on_device(self, name: str, network: Any) -> Any:
        """Move a network to the device; its weights are rounded there one layer after the other."""
        blocks = self._fit is Fit.BLOCKS and name != "vae"
        if self._weight_bits and name != "vae":
            place = torch.device("cpu") if blocks else self._device
            network = with_low_bits(network, self._weight_bits, place)
        return block_by_block(network, self._device) if blocks else network.to(self._device)

    def _tokenizer(self, folder: Path) -> Any:
        return TokenCounter(folder) if self._kind.own_networks else open_tokenizer(folder)

    def _opened(self, family: Family, parts: Parts, schedule: Mapping[str, Any]) -> DiffusionModel:
        self._progress("Ready", 1.0)
        graphs = os.environ.get(CUDA_GRAPHS) == "1" and self._fit is not Fit.BLOCKS
        return DiffusionModel(
            self._card(family, schedule),
            family,
            parts,
            self._device,
            self._dtype,
            weight_bits=self._weight_bits,
            apart=self._apart,
            cuda_graphs=graphs,
        )

    def _card(self, family: Family, schedule: Mapping[str, Any]) -> ModelCard:
        report = self._report
        numbers = {part.name: part.counts.all for part in report.parts}
        return ModelCard(
            identity=self._identity,
            name=_name_of(self._location, report.path),
            location=self._location,
            scheduler_class=report.scheduler,
            scheduler_config={
                **pipeline_config(report.scheduler, schedule),
                **family.scheduler_options(),
            },
            default_sampling=recommended(report.path, family),
            weights=numbers[family.denoiser],
            scorer=scorer_of(report),
        )

    def _dtype_of(self, name: str) -> torch.dtype:
        # Eight bits of mantissa band visibly in the picture: a bfloat16 model decodes in float32.
        if name == "vae" and self._dtype == torch.bfloat16:
            return torch.float32
        return self._dtype

    def _tell(self, name: str, share: float) -> None:
        label = _LABELS.get(name, name.replace("_", " "))
        self._progress(f"Loading the {label}", 0.1 + 0.85 * share)


def _name_of(location: str, path: Path) -> str:
    """Returns a model's name: the last part of a hub id, or the name of a folder or file."""
    if location == STARTER:
        return "Starter"
    return path.stem if Path(location).expanduser().exists() else location.rpartition("/")[2]
