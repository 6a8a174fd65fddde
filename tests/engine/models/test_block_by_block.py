"""Blocks of weights that wait in main memory: the same pictures, and few weights on the device."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
import torch

from engine.models.block_by_block import block_by_block
from engine.models.inspection.check import check_model
from engine.models.inspection.memory_need import Fit
from engine.models.inspection.report import ModelReport
from engine.models.load import open_model
from engine.models.loaded import DiffusionModel
from engine.models.pretrained import open_part
from engine.models.running.rows import rows_of_texts
from tests.support import tiny_families
from tests.support.tiny_families.contract import TinyFamily

MODELS: dict[str, TinyFamily] = {
    tiny.family: tiny
    for module in pkgutil.iter_modules(tiny_families.__path__)
    if module.name != "contract"
    for tiny in reversed(importlib.import_module(f"{tiny_families.__name__}.{module.name}").MODELS)
}
#: A device without numbers: a computation fails if one of its tensors is not there.
META = torch.device("meta")
FIT = "engine.models.inspection.memory_need.MemoryNeed.fit"
pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def predictions(model: DiffusionModel, tiny: TinyFamily) -> torch.Tensor:
    """Predictions with texts that are encoded in between."""
    shape = model.latent_shape(*tiny.sizes[-1])
    noise = torch.randn(1, *shape, generator=torch.Generator().manual_seed(0))
    outputs = []
    for prompt in tiny.prompts[:2]:
        texts = model.text_state(model.encode([prompt]))
        outputs.append(model.denoise(noise, model.time_state(torch.tensor([500.0])), texts))
    return torch.cat(outputs)


@pytest.mark.parametrize("name", MODELS)
def test_predictions_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    tiny = MODELS[name]
    folder = str(tiny.write(tmp_path))
    expected = predictions(open_model(folder, device="cpu"), tiny)
    moved = []

    def move(network: object, device: torch.device) -> object:
        moved.append(type(network).__name__)
        return block_by_block(network, device)

    monkeypatch.setattr(FIT, lambda *_: Fit.BLOCKS)
    monkeypatch.setattr("engine.models.load.block_by_block", move)
    assert torch.equal(predictions(open_model(folder, device="cpu"), tiny), expected)
    assert len(set(moved)) >= 2, "text encoders and the denoiser"


def test_blocks_of_fewer_bits_come_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("bitsandbytes", reason="the optional library of weights of few bits")
    tiny = MODELS["flux1"]
    folder = str(tiny.write(tmp_path))
    expected = predictions(open_model(folder, device="cpu", weight_bits=4), tiny)
    monkeypatch.setattr(FIT, lambda *_: Fit.BLOCKS)
    found = predictions(open_model(folder, device="cpu", weight_bits=4), tiny)
    assert torch.equal(found, expected)


def denoiser_of(report: ModelReport, name: str) -> torch.nn.Module:
    (part,) = [part for part in report.parts if part.name == name]
    if report.family != "sdxl":
        network: torch.nn.Module = open_part(report.path, part, torch.float32)
        return network
    from diffusers import UNet2DConditionModel

    found: torch.nn.Module = UNet2DConditionModel.from_pretrained(report.path / name).eval()
    return found


def on_meta(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters() if p.device == META)


@pytest.mark.parametrize("name", ["flux1", "flux2-klein", "pixart-sigma", "sana", "sd3", "sdxl"])
def test_a_block_is_on_the_device_only_while_it_is_computed(tmp_path: Path, name: str) -> None:
    tiny = MODELS[name]
    folder = tiny.write(tmp_path)
    report, model = check_model(folder), open_model(str(folder), device="cpu")
    family = model.family
    network = denoiser_of(report, family.denoiser)
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    block_by_block(network, META)
    outside, largest = on_meta(network), 0

    def look(*_: object) -> None:
        nonlocal largest
        largest = max(largest, on_meta(network))

    for module in network.modules():
        module.register_forward_hook(look)
    texts = rows_of_texts(model.encode([tiny.prompts[0]]), META).tensors
    times = family.times(torch.tensor([500.0], device=META), 2.0)
    noise = torch.zeros(1, *model.latent_shape(*tiny.sizes[0]), device=META)
    with torch.inference_mode():
        assert family.predict(network, noise, times, texts).device == META
    counts = next(part.counts for part in report.parts if part.name == family.denoiser)
    assert outside < largest <= counts.all
    assert largest == pytest.approx(counts.needed, rel=0.25)
    assert on_meta(network) == outside, "all blocks have left"
    after = network.state_dict()
    assert all(
        torch.equal(tensor, before[key]) for key, tensor in after.items() if tensor.device != META
    )


def test_a_block_leaves_the_device_after_an_error() -> None:
    block = torch.nn.Sequential(torch.nn.Linear(4, 4))
    network = torch.nn.ModuleDict({"blocks": torch.nn.ModuleList([block])})
    block_by_block(network, META)
    with pytest.raises(RuntimeError):
        block(torch.zeros(3, 5, device=META))
    assert on_meta(network) == 0
