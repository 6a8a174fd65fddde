"""Models whose parts do not fit into memory together, and the sentences about it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.models.inspection.check import check_model
from engine.models.inspection.memory_need import memory_need, memory_sentence
from engine.models.inspection.report import ModelForm, ModelPart, ModelReport
from engine.models.load import open_model
from engine.models.loaded import DiffusionModel
from tests.support.tiny_families.sd3 import MODELS
from tests.support.tiny_models import make_tiny_model

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def report(encoders: int, denoiser: int) -> ModelReport:
    sizes = {"text_encoder": encoders, "transformer": denoiser}
    parts = tuple(ModelPart(name, {}, (), 0, "", count) for name, count in sizes.items())
    return ModelReport(Path(), ModelForm.FOLDER, parts=parts)


def test_the_need_is_that_of_all_weights_or_of_the_larger_part() -> None:
    need = memory_need(report(3_000_000_000, 1_000_000_000), half=True)
    assert (need.together, need.apart) == (9_600_000_000, 7_200_000_000)
    assert memory_need(report(1, 2), half=False).together == 14
    assert need.fits(9_600_000_000)
    assert not need.fits(9_500_000_000)
    assert need.fits_apart(7_200_000_000)
    assert not need.fits_apart(7_100_000_000)


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


def test_weights_are_counted_from_headers(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path)
    model = open_model(str(folder), device="cpu")
    assert sum(part.numbers for part in check_model(folder).parts) > model.weights > 0


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
