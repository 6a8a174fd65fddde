"""The perceptual distance: a metric that grows with what the eye sees."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageFilter

from engine.messages import Image
from engine.pictures.picture_distance import distance, pyramid_of


def _scene(shift: int = 0, side: int = 96) -> Image:
    y, x = np.mgrid[:side, :side]
    disc = np.hypot(x - side / 2 - shift, y - side / 2) < side / 4
    ground = np.stack([90 + x, 120 + 0 * x, 200 - y], axis=-1)
    return np.where(disc[..., None], (230, 180, 40), ground).clip(0, 255).astype(np.uint8)


def _blur(image: Image, radius: float) -> Image:
    return np.asarray(PillowImage.fromarray(image).filter(ImageFilter.GaussianBlur(radius)))


def _between(first: Image, second: Image) -> float:
    return distance(pyramid_of(first), pyramid_of(second))


def test_equal_pictures_have_no_distance() -> None:
    assert _between(_scene(), _scene()) == 0.0


def test_it_is_a_metric() -> None:
    scenes = [pyramid_of(s) for s in (_scene(), _scene(9), _blur(_scene(), 3), 255 - _scene())]
    gaps = np.array([[distance(a, b) for a in scenes] for b in scenes])
    assert np.allclose(gaps, gaps.T)
    assert (gaps[~np.eye(4, dtype=bool)] > 0).all()
    detours = gaps[:, :, None] + gaps[None, :, :]
    assert (gaps[:, None, :] <= detours + 1e-6).all()


@pytest.mark.parametrize("side", [8, 31, 96, 300])
def test_it_grows_with_the_change(side: int) -> None:
    scene = _scene(side=side)
    fades = [_between(scene, (scene * (1 - f)).astype(np.uint8)) for f in (0.1, 0.3, 0.7)]
    assert fades == sorted(fades)
    assert fades[0] > 0


@pytest.mark.parametrize("shape", [(4096, 24), (24, 4096), (1, 500), (3, 2)])
def test_a_narrow_picture_is_compared_too(shape: tuple[int, int]) -> None:
    dark, light = (np.full((*shape, 3), level, np.uint8) for level in (80, 120))
    assert _between(dark, light) > 1.0


def test_motion_blur_and_colour_count_and_faint_noise_hardly_does() -> None:
    scene = _scene()
    noise = np.random.default_rng(0).integers(-1, 2, scene.shape)
    faint = _between(scene, (scene.astype(int) + noise).clip(0, 255).astype(np.uint8))
    others = (_scene(6), _blur(scene, 2.0), scene[..., ::-1].copy())
    assert all(_between(scene, other) > 2 * faint for other in others)
    assert _between(scene, _scene(2)) < _between(scene, _scene(6)) < _between(scene, _scene(14))
    assert _between(scene, _blur(scene, 1.0)) < _between(scene, _blur(scene, 3.0))


def test_a_change_of_all_colours_counts_too() -> None:
    red, blue = (np.full((64, 64, 3), c, np.uint8) for c in ((200, 40, 40), (40, 40, 200)))
    assert _between(red, blue) > 5.0


def test_pictures_of_different_sizes_have_no_distance() -> None:
    with pytest.raises(ValueError, match=r"shorter|longer|broadcast"):
        _between(_scene(), _scene(side=40))
