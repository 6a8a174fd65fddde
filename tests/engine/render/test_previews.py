"""Previews: a linear map from latents to colours that is fitted to each model's own decoder."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from engine.models.load import open_model
from engine.render.previews import PreviewMap
from tests.support import tiny_families
from tests.support.tiny_families.contract import TinyFamily

MODELS: dict[str, TinyFamily] = {
    tiny.family: tiny
    for module in pkgutil.iter_modules(tiny_families.__path__)
    if module.name != "contract"
    for tiny in reversed(importlib.import_module(f"{tiny_families.__name__}.{module.name}").MODELS)
}
pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def smooth(count: int, channels: int, seed: int = 9) -> torch.Tensor:
    coarse = torch.randn(count, channels, 3, 3, generator=torch.Generator().manual_seed(seed))
    return interpolate(coarse, size=(8, 8), mode="bilinear", align_corners=True)


class LinearDecoder:
    """A decoder whose colours are a linear function of the latent, 8 pixels for each."""

    def __init__(self, channels: int) -> None:
        self.latent_channels = channels
        weights = torch.randn(channels, 3, generator=torch.Generator().manual_seed(1))
        self._weights = 40.0 * weights / channels**0.5

    def colours(self, latents: torch.Tensor) -> torch.Tensor:
        return torch.einsum("nchw,cr->nhwr", latents, self._weights) + 128.0

    def decode(self, latents: torch.Tensor) -> list[torch.Tensor | None]:
        small = self.colours(latents).clamp(0, 255).round().to(torch.uint8)
        return list(small.repeat_interleave(8, 1).repeat_interleave(8, 2))


@pytest.mark.parametrize("channels", [4, 16, 32, 128])
def test_a_linear_decoder_is_found_with_any_number_of_channels(channels: int) -> None:
    """As many as families have: 4 (SD, SDXL, PixArt), 16 (SD 3, Flux, …), 32 (Sana)."""
    decoder = LinearDecoder(channels)
    preview = PreviewMap.fit(decoder)
    latents = smooth(4, channels)
    for latent, expected in zip(latents, decoder.colours(latents).numpy(), strict=True):
        error = np.abs(preview.picture(latent).astype(float) - expected)
        assert error.mean() < 3.0
        assert expected.std() > 10.0


def block_means(picture: np.ndarray) -> np.ndarray:
    side = picture.shape[0] // 8
    blocks = picture.reshape(8, side, 8, side, 3).astype(float)
    return np.asarray(blocks.mean(axis=(1, 3)))


@pytest.mark.parametrize("name", MODELS)
def test_the_map_of_a_family_is_the_least_squares_fit_of_its_finished_frames(
    tmp_path: Path, name: str
) -> None:
    """No linear map has a smaller error; one colour for all has a larger one."""
    model = open_model(str(MODELS[name].write(tmp_path)), device="cpu")
    preview = PreviewMap.fit(model)
    latents = smooth(12, model.latent_channels)
    targets = []
    for latent, picture in zip(latents, model.decode(latents), strict=True):
        assert picture is not None
        preview.observe(latent.numpy(), picture.numpy())
        targets.append(block_means(picture.numpy()))
    previews = [preview.picture(latent).astype(float) for latent in latents]
    goal = np.stack(targets).reshape(-1, 3)
    columns = latents.permute(0, 2, 3, 1).reshape(-1, model.latent_channels).double().numpy()
    rows = np.column_stack((columns, np.ones(len(columns))))
    best = rows @ np.linalg.lstsq(rows, goal, rcond=None)[0]
    found = float(((np.stack(previews).reshape(-1, 3) - goal) ** 2).mean())
    least = float(((best.clip(0, 255) - goal) ** 2).mean())
    plain = float(((goal.mean(0) - goal) ** 2).mean())
    assert least * 0.98 - 0.1 <= found <= least * 1.05 + 0.3
    assert found < plain
