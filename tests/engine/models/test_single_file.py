"""Single files in the original layout give the same model as the folder they were made from."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.models import load
from engine.models.block_by_block import block_by_block
from engine.models.families.contract import families
from engine.models.inspection.check import check_model
from engine.models.inspection.memory_need import Fit, MemoryNeed, memory_need
from engine.models.inspection.recommended_settings import recommended
from engine.models.load import open_model
from engine.models.loaded import DiffusionModel
from engine.models.networks.text_tower import TextTower
from engine.models.networks.tokens import TokenCounter
from engine.models.networks.unet import Unet
from engine.models.networks.vae import VaeDecoder
from engine.models.single_file import TOKENIZER_FOLDER, predicts_velocity
from tests.support.single_file_names import write_by_folders, write_checkpoint
from tests.support.tiny_families.sdxl import MODELS
from tests.support.tiny_models import make_tiny_model

SDXL = MODELS[0]
ORIGINAL, BY_FOLDERS = "original", "by folders"
LAYOUTS = families.get("stable-diffusion").layouts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("folder"))


def config(folder: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / name / "config.json").read_text())
    return content


@pytest.fixture
def tiny_layouts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The families at the size of the tiny model, and with its tokenizer."""
    configs = {name: config(folder, name) for name in ("text_encoder", "unet", "vae")}
    for label, layout in LAYOUTS.items():
        tiny = dataclasses.replace(
            layout, configs=configs, tokenizers={"tokenizer": "<|endoftext|>"}
        )
        monkeypatch.setitem(LAYOUTS, label, tiny)  # type: ignore[arg-type]
    monkeypatch.setattr(load, "TOKENIZER_FOLDER", folder / "tokenizer")


@pytest.mark.usefixtures("tiny_layouts")
@pytest.mark.parametrize("label", LAYOUTS)
def test_a_file_gives_what_its_folder_gives(folder: Path, tmp_path: Path, label: str) -> None:
    file = write_checkpoint(folder, tmp_path / "tiny.safetensors", label)
    report = check_model(file)
    assert report.ok, report.problem
    assert report.label == label
    one, other = open_model(str(file), device="cpu"), open_model(str(folder), device="cpu")
    assert one.name == "tiny"
    assert one.info(1, True).tokenizer == other.info(1, True).tokenizer
    text = other.encode(["a photo of a cat", ""])
    assert one.encode(["a photo of a cat", ""]) == text
    noise = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    timesteps = torch.tensor([999.0, 3.0])
    ours, theirs = (
        m.denoise(noise, m.time_state(timesteps), m.text_state(text)) for m in (one, other)
    )
    assert torch.equal(ours, theirs)
    for mine, others in zip(one.decode(noise), other.decode(noise), strict=True):
        assert mine is not None
        assert others is not None
        assert torch.equal(mine, others)


@pytest.mark.parametrize(
    ("label", "name", "millions"),
    [
        ("SD 1.x", "text_encoder", 123.060480),
        ("SD 1.x", "unet", 859.520964),
        ("SD 1.x", "vae", 49.490199),
        ("SD 2.x", "text_encoder", 340.387840),
        ("SD 2.x", "unet", 865.910724),
    ],
)
def test_the_layouts_are_those_of_the_published_models(
    label: str, name: str, millions: float
) -> None:
    """The networks have as many parameters as the published ones (the VAE: its decoder)."""
    kind = {"text_encoder": TextTower, "unet": Unet, "vae": VaeDecoder}[name]
    with torch.device("meta"):
        network = kind(LAYOUTS[label].configs[name])
    assert sum(p.numel() for p in network.parameters()) == round(millions * 1e6)


def test_the_vocabulary_is_clips() -> None:
    counter = TokenCounter(TOKENIZER_FOLDER)
    row = counter.ids(["a photo of a cat"])[0]
    assert row[:8] == [49406, 320, 1125, 539, 320, 2368, 49407, 49407]
    assert TokenCounter(TOKENIZER_FOLDER, padding="!").ids([""])[0][-1] == 0


class Predicting(torch.nn.Module):
    """A perfect predictor for pictures that are all zero but for a pattern of its own."""

    def __init__(self, velocity: bool) -> None:
        super().__init__()
        self.velocity = velocity
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.config = dataclasses.make_dataclass("Config", ["in_channels"])(4)

    def forward(self, sample: torch.Tensor, *_: Any, **__: Any) -> tuple[torch.Tensor]:
        alpha, sigma = 0.0683, 0.9977  # of the last training step
        picture = torch.randn(sample.shape, generator=torch.Generator().manual_seed(1))
        noise = (sample - alpha * picture) / sigma
        return (alpha * noise - sigma * picture if self.velocity else noise,)


@pytest.mark.parametrize("velocity", [True, False])
def test_what_a_file_predicts_is_found_out(velocity: bool) -> None:
    assert predicts_velocity(Predicting(velocity), torch.zeros(1, 77, 32)) is velocity


@pytest.fixture(scope="module")
def sdxl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SDXL.write(tmp_path_factory.mktemp("sdxl"))


@pytest.fixture
def tiny_sdxl(sdxl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The family at the size of the tiny model, and with its tokenizer."""
    layouts, parts = families.get("sdxl").layouts, ("text_encoder", "text_encoder_2", "unet", "vae")
    tiny = dataclasses.replace(
        layouts["SDXL"],
        configs={name: config(sdxl, name) for name in parts},
        tokenizers=dict.fromkeys(("tokenizer", "tokenizer_2"), "<|endoftext|>"),
    )
    monkeypatch.setitem(layouts, "SDXL", tiny)  # type: ignore[arg-type]
    monkeypatch.setattr(load, "TOKENIZER_FOLDER", sdxl / "tokenizer")


def file_of_sdxl(sdxl: Path, folder: Path, form: str) -> Path:
    file = folder / "tiny.safetensors"
    return (
        write_checkpoint(sdxl, file, "SDXL") if form == ORIGINAL else write_by_folders(sdxl, file)
    )


def predictions(model: DiffusionModel) -> torch.Tensor:
    """Predictions with texts that are encoded in between."""
    noise = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    times, outputs = model.time_state(torch.tensor([999.0, 3.0])), []
    for prompt in ("a photo of a cat", "a dog"):
        texts = model.encode([prompt, ""])
        outputs.append(model.denoise(noise, times, model.text_state(texts)))
    return torch.cat(outputs)


@pytest.mark.usefixtures("tiny_sdxl")
@pytest.mark.parametrize("form", [ORIGINAL, BY_FOLDERS])
def test_a_file_of_sdxl_gives_what_its_folder_gives(sdxl: Path, tmp_path: Path, form: str) -> None:
    file = file_of_sdxl(sdxl, tmp_path, form)
    report = check_model(file)
    assert report.ok, report.problem
    assert (report.family, report.label) == ("sdxl", "SDXL")
    one, other = open_model(str(file), device="cpu"), open_model(str(sdxl), device="cpu")
    texts = other.encode(["a photo of a cat", ""])
    assert one.encode(["a photo of a cat", ""]) == texts
    assert torch.equal(predictions(one), predictions(other))
    assert one.solver == "euler"
    assert one.schedule.prediction == "epsilon"
    assert one.default_sampling.steps == 30
    assert one.weights == other.weights


@pytest.mark.usefixtures("tiny_sdxl")
@pytest.mark.parametrize("fit", [Fit.APART, Fit.BLOCKS])
@pytest.mark.parametrize("form", [ORIGINAL, BY_FOLDERS])
def test_a_file_on_a_small_device_gives_the_same(
    sdxl: Path, tmp_path: Path, form: str, fit: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, moved = str(file_of_sdxl(sdxl, tmp_path, form)), []
    expected = predictions(open_model(file, device="cpu"))

    def move(network: object, device: torch.device) -> object:
        moved.append(type(network).__name__)
        return block_by_block(network, device)

    monkeypatch.setattr(MemoryNeed, "fit", lambda *_: fit)
    monkeypatch.setattr(load, "block_by_block", move)
    small = open_model(file, device="cpu")
    assert small.apart
    assert torch.equal(predictions(small), expected)
    networks = {"CLIPTextModel", "CLIPTextModelWithProjection", "UNet2DConditionModel"}
    assert set(moved) == (networks if fit is Fit.BLOCKS else set())


@pytest.mark.usefixtures("tiny_sdxl")
@pytest.mark.parametrize("form", [ORIGINAL, BY_FOLDERS])
def test_a_file_needs_the_memory_of_its_folder(sdxl: Path, tmp_path: Path, form: str) -> None:
    parts = [
        {part.name: part.counts for part in check_model(path).parts}
        for path in (file_of_sdxl(sdxl, tmp_path, form), sdxl)
    ]
    assert parts[0].keys() == parts[1].keys()
    for name in ("unet", "text_encoder"):
        assert parts[0][name] == parts[1][name]
    assert memory_need(check_model(tmp_path / "tiny.safetensors"), half=True).blocks > 0


@pytest.mark.usefixtures("tiny_layouts")
@pytest.mark.parametrize("label", LAYOUTS)
def test_the_encoder_of_a_file_can_be_freed_before_its_unet(
    folder: Path, tmp_path: Path, label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(write_checkpoint(folder, tmp_path / "tiny.safetensors", label))
    expected = open_model(file, device="cpu")
    monkeypatch.setattr(MemoryNeed, "fit", lambda *_: Fit.APART)
    apart = open_model(file, device="cpu")
    assert apart.apart
    assert apart.bytes < expected.bytes
    assert apart.schedule.prediction == expected.schedule.prediction
    assert torch.equal(predictions(apart), predictions(expected))


def test_a_file_whose_name_says_few_steps_gets_few_steps(sdxl: Path, tmp_path: Path) -> None:
    report = check_model(write_by_folders(sdxl, tmp_path / "sdxl_lightning_4step.safetensors"))
    assert report.schedule["timestep_spacing"] == "trailing"
    sampling = recommended(report.path, report)
    assert (sampling.steps, sampling.guidance, sampling.width) == (4, 1.0, 1024)
