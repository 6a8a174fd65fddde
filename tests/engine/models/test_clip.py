"""The scorer gives what transformers' own CLIP gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image
from transformers import CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.clip.tokenization_clip import CLIPTokenizer

from engine.errors import ModelError
from engine.models.clip import Scorer, open_scorer
from engine.models.load import open_model
from tests.support.tiny_models import make_tiny_clip, make_tiny_model

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_clip(tmp_path_factory.mktemp("clip"))


def pictures(height: int, width: int) -> list[npt.NDArray[np.uint8]]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (height, width, 3), np.uint8) for _ in range(3)]


@pytest.mark.parametrize("size", [(32, 32), (128, 128), (77, 130), (20, 16)])
@pytest.mark.parametrize("text", ["A high resolution image of a cat", "", "Ünïcødé 🐈 " * 40])
def test_scores_equal_those_of_transformers(folder: Path, size: tuple[int, int], text: str) -> None:
    images = pictures(*size)
    scorer = Scorer(folder, CPU)
    scores = 100 * scorer.images(images) @ scorer.text(text)
    model = CLIPModel.from_pretrained(folder)
    words = CLIPTokenizer.from_pretrained(folder)(
        [text], padding="max_length", max_length=77, truncation=True, return_tensors="pt"
    )
    processor = CLIPImageProcessorPil.from_pretrained(folder)
    pixels = processor([Image.fromarray(i) for i in images], return_tensors="pt")
    with torch.no_grad():
        answer = model(**words, pixel_values=pixels["pixel_values"])
    expected = 100 * (answer.image_embeds @ answer.text_embeds.T)[:, 0]
    assert np.abs(scores - expected.numpy()).max() < 1e-3
    assert np.ptp(scores) > 1e-3


def test_directions_have_length_one(folder: Path) -> None:
    scorer = Scorer(folder, CPU)
    assert np.linalg.norm(scorer.images(pictures(40, 40)), axis=1) == pytest.approx(1, abs=1e-6)
    assert np.linalg.norm(scorer.text("cat")) == pytest.approx(1, abs=1e-6)


def test_a_model_brings_its_scorer(tmp_path: Path, folder: Path) -> None:
    with_clip = open_model(str(make_tiny_model(tmp_path / "with", clip=True)), device="cpu")
    without = open_model(str(make_tiny_model(tmp_path / "without")), device="cpu")
    own = open_scorer(with_clip).text("cat")
    assert np.array_equal(open_scorer(without, str(tmp_path / "with" / "clip")).text("cat"), own)
    with pytest.raises(ModelError, match="No CLIP model"):
        open_scorer(without)
    with pytest.raises(ModelError, match="no CLIP model"):
        open_scorer(without, str(tmp_path / "with" / "unet"))
