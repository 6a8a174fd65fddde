"""Models whose parts do not fit into memory together, and the sentences about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.models.inspection.check import check_model
from engine.models.inspection.memory_need import Fit, memory_need, memory_sentence
from engine.models.inspection.report import ModelForm, ModelPart, ModelReport
from engine.models.inspection.weight_counts import WeightCounts
from engine.models.load import open_model
from engine.models.loaded import DiffusionModel
from tests.support.tiny_families.sd3 import MODELS
from tests.support.tiny_models import make_tiny_model

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def report(encoders: int, denoiser: int) -> ModelReport:
    counts = {"text_encoder": encoders, "transformer": denoiser}
    parts = (
        ModelPart(name, {}, (), 0, "", WeightCounts(count, count // 2, count // 4))
        for name, count in counts.items()
    )
    return ModelReport(Path(), ModelForm.FOLDER, parts=tuple(parts))


def test_the_need_is_that_of_all_weights_or_of_the_larger_part() -> None:
    need = memory_need(report(3_000_000_000, 1_000_000_000), half=True)
    assert (need.together, need.apart) == (9_600_000_000, 7_200_000_000)
    assert memory_need(report(1, 2), half=False).together == 14
    assert need.fit(9_600_000_000, gpu=True) is Fit.WHOLE
    assert need.fit(9_500_000_000, gpu=True) is Fit.APART
    assert need.fit(7_200_000_000, gpu=True) is Fit.APART
    assert need.fit(7_100_000_000, gpu=True) is Fit.NOT, "its family is unknown"


def test_on_a_gpu_blocks_can_come_one_after_the_other() -> None:
    """A quarter of the weights is needed at once: 1.5 GB, and a fifth of 6 GB for the work."""
    found = replace(report(3_000_000_000, 1_000_000_000), family="flux1")
    need = memory_need(found, half=True)
    assert need.blocks == 2_700_000_000
    assert need.fit(2_700_000_000, gpu=True) is Fit.BLOCKS
    assert need.fit(2_700_000_000, gpu=False) is Fit.NOT
    assert need.fit(2_600_000_000, gpu=True) is Fit.NOT
    sentence = memory_sentence(found, half=True, free=3_000_000_000, gpu=True)
    assert sentence.endswith(
        "; 3.0 GB are free: the blocks of its networks wait in main memory and come to the GPU one "
        "after the other, which is slow."
    )
    assert "2.7 GB with the blocks" in memory_sentence(found, half=True, gpu=True)
    too_large = memory_sentence(found, half=True, free=2_000_000_000, gpu=True)
    assert "2.7 GB with the blocks" in too_large
    assert too_large.endswith("only 2.0 GB are free: the model is too large.")


@pytest.mark.parametrize(
    ("free", "words"),
    [
        (None, "9.6 GB of memory in half precision, 7.2 GB with its parts one after the other."),
        (12_000_000_000, "in half precision; 12.0 GB are free."),
        (8_000_000_000, "8.0 GB are free: its text encoders are opened and freed before the rest."),
        (6_000_000_000, "only 6.0 GB are free: the model is too large."),
    ],
)
def test_the_sentence_says_whether_and_how_it_fits(free: int | None, words: str) -> None:
    sentence = memory_sentence(report(3_000_000_000, 1_000_000_000), half=True, free=free)
    assert words in sentence
    assert sentence.count(". ") == 0


def test_fewer_bits_of_weights_need_less_memory() -> None:
    """Half of the weights are in linear layers: 8.5 or 4.5 bits each with their scales."""
    found = replace(report(3_000_000_000, 1_000_000_000), family="flux1")
    need = [memory_need(found, half=True, weight_bits=bits).together for bits in (0, 8, 4)]
    assert need == [9_600_000_000, 7_350_000_000, 6_150_000_000]
    sentence = memory_sentence(found, half=True, free=7_000_000_000, weight_bits=4)
    assert sentence == (
        "Needs about 6.2 GB of memory in half precision and 4-bit weights; 7.0 GB are free."
    )
    plain = replace(found, family="stable-diffusion")
    assert memory_need(plain, True, 4) == memory_need(plain, True), "it has full weights only"


def test_weights_are_counted_from_headers(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path)
    model = open_model(str(folder), device="cpu")
    assert sum(part.counts.all for part in check_model(folder).parts) > model.weights > 0


def pictures(model: DiffusionModel) -> torch.Tensor:
    """A prediction and a picture, with a text that is encoded between two predictions."""
    shape = model.latent_shape(32, 32)
    noise = torch.randn(1, *shape, generator=torch.Generator().manual_seed(0))
    outputs = []
    for prompt in ("a cat", "a dog"):
        texts = model.text_state(model.encode([prompt]))
        outputs.append(model.denoise(noise, model.time_state(torch.tensor([500.0])), texts))
    return torch.cat(outputs)


@pytest.mark.parametrize("kind", ["sd3", "stable-diffusion"])
def test_text_encoders_and_denoiser_are_never_in_memory_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    folder = MODELS[0].write(tmp_path) if kind == "sd3" else make_tiny_model(tmp_path)
    together = open_model(str(folder), device="cpu")
    expected, whole = pictures(together), together.info(1, True).bytes_loaded
    monkeypatch.setattr("engine.models.load.free_memory", lambda _: 0)
    apart = open_model(str(folder), device="cpu")
    sizes = [apart.info(1, True).bytes_loaded]
    text = apart.encode(["a cat"])
    sizes.append(apart.info(1, True).bytes_loaded)
    apart.text_state(text)
    sizes.append(apart.info(1, True).bytes_loaded)
    assert sizes[0] < min(sizes[1:]), "only the VAE is open at first"
    assert sum(sizes[1:]) - sizes[0] == whole, "encoders, then the denoiser, each with the VAE"
    assert torch.equal(pictures(apart), expected)
    assert apart.weights == pytest.approx(together.weights, rel=0.01)
