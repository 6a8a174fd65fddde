"""CLIP as a scorer: embeddings of texts and pictures, whose cosine is their similarity."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image as PillowImage

from engine.errors import ModelError
from engine.models.hub.client import Reporter
from engine.models.inspection.check_clip import check_clip
from engine.models.inspection.report import read_object
from engine.models.loaded import DiffusionModel
from engine.models.locate import locate_scorer
from engine.models.networks.build import build_clip
from engine.models.networks.tokens import TokenCount, TokenCounter
from engine.models.weights_file import read_weights

#: What transformers' CLIPImageProcessor uses where the settings do not say.
_MEAN = (0.48145466, 0.4578275, 0.40821073)
_STD = (0.26862954, 0.26130258, 0.27577711)
_BICUBIC = 3

Pixels = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Preparation:
    """The conversion of pictures to the model's size and range."""

    edge: int = 224
    crop: int = 224
    resample: int = _BICUBIC
    mean: tuple[float, ...] = _MEAN
    std: tuple[float, ...] = _STD

    def __call__(self, image: npt.NDArray[np.uint8]) -> Pixels:
        """[H, W, 3] to [3, crop, crop]: the shorter edge resized, the middle cut out, normalised.

        In 8 bits through Pillow, as CLIP was trained and as transformers does it.
        """
        height, width = image.shape[:2]
        short = min(height, width)
        size = (int(self.edge * width / short), int(self.edge * height / short))
        picture = PillowImage.fromarray(image).resize(size, PillowImage.Resampling(self.resample))
        left, top = (size[0] - self.crop) // 2, (size[1] - self.crop) // 2
        picture = picture.crop((left, top, left + self.crop, top + self.crop))
        pixels: Pixels = np.asarray(picture, np.float32) / np.float32(255)
        mean, std = (np.array(values, np.float32) for values in (self.mean, self.std))
        return np.ascontiguousarray(((pixels - mean) / std).transpose(2, 0, 1), np.float32)


def open_scorer(
    model: DiffusionModel,
    location: str = "",
    progress: Reporter = lambda *_: None,
    downloads: Container[str] = (),
) -> Scorer:
    """The CLIP model at `location`, a folder or hub id; "" is the one that came with `model`.

    Raises ModelError where there is none, and whatever `progress` raises.
    """
    if location:
        return Scorer(locate_scorer(location, progress, downloads), model.device)
    if model.card.scorer is None:
        raise ModelError(
            f"No CLIP model came with {model.name}; choose one to score with, "
            "such as openai/clip-vit-large-patch14."
        )
    return Scorer(model.card.scorer, model.device)


class Scorer:
    """A CLIP model on its device. Embeddings have the norm 1 and are float32."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        """Raises ModelError if `folder` has no CLIP model with safetensors weights."""
        problem = check_clip(folder)
        if problem:
            raise ModelError(problem)
        state = read_weights(folder / "model.safetensors", torch.float32)
        self._model = build_clip(read_object(folder / "config.json"), state).to(device)
        self._tokenizer = TokenCounter(folder)
        self._prepare = _preparation(folder, self._model.config.vision_config.image_size)
        self.device = device

    def count(self, text: str) -> TokenCount:
        """Return the number of tokens of a text, and the limit."""
        return self._tokenizer.count(text)

    @torch.inference_mode()
    def text(self, text: str) -> Pixels:
        """Return the embedding [d] of a text."""
        ids = self._tokenizer.ids([text])
        return _directions(self._model.get_text_features(torch.tensor(ids, device=self.device)))[0]

    @torch.inference_mode()
    def images(self, images: Sequence[npt.NDArray[np.uint8]]) -> Pixels:
        """Return the embeddings [n, d] of pictures, each [H, W, 3]."""
        pixels = torch.from_numpy(np.stack([self._prepare(image) for image in images]))
        return _directions(self._model.get_image_features(pixels.to(self.device)))


def _directions(features: Any) -> Pixels:
    vectors = features.pooler_output.float()
    directions: npt.NDArray[np.float32] = (
        (vectors / vectors.norm(dim=-1, keepdim=True)).cpu().numpy()
    )
    return directions


def _preparation(folder: Path, size: int) -> Preparation:
    """Reads the folder's preprocessor_config.json; uses the model's own size without one."""
    file = folder / "preprocessor_config.json"
    said = read_object(file) if file.is_file() else {}
    return Preparation(
        edge=_edge(said.get("size"), "shortest_edge", size),
        crop=_edge(said.get("crop_size"), "height", size),
        resample=int(said.get("resample", _BICUBIC)),
        mean=tuple(said.get("image_mean", _MEAN)),
        std=tuple(said.get("image_std", _STD)),
    )


def _edge(said: Any, key: str, size: int) -> int:
    """Returns a size. Old configs have a number, newer ones {"shortest_edge": 224}."""
    return int(said.get(key, size) if isinstance(said, dict) else said or size)
