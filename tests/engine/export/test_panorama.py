"""Panoramas: the strip that a translation moves over, as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from engine.documents.session_file import encode
from engine.errors import InputError
from engine.export.contract import Plan
from engine.export.open_export import check_export, estimate_bytes, open_export
from engine.export.recall import recall
from engine.messages import Image
from engine.pictures.strip_places import strip_places
from engine.walk import Exploration, Keyframe, MethodChoice, NoiseSource, Sampling, Walk

HEIGHT, WIDTH = 16, 64


def _walk(keyframes: int, frames: int, method: str = "translation") -> Exploration:
    keys = tuple(Keyframe("ein Kätzchen", NoiseSource(1, k)) for k in range(keyframes))
    walk = Walk(keys, (MethodChoice(method),), frames=frames)
    return Exploration(walk=walk, sampling=Sampling(width=WIDTH, height=WIDTH))


def _strip(keyframes: int) -> Image:
    """A smooth picture as wide as all noises side by side."""
    x = np.arange(WIDTH * keyframes) / (WIDTH * keyframes)
    y = np.arange(HEIGHT)[:, None] / HEIGHT
    colours = [128 + 100 * np.sin(7 * x + y), 255 * x * np.ones_like(y), 200 * y * np.ones_like(x)]
    return np.stack(colours, axis=-1).round().astype(np.uint8)


def _windows(strip: Image, places: Sequence[float]) -> list[Image]:
    return [strip[:, round(p * WIDTH) : round(p * WIDTH) + WIDTH] for p in places]


def _plan(exploration: Exploration, indices: tuple[int, ...]) -> Plan:
    about = {"comment": encode(exploration).decode()}
    return Plan(indices=indices, places=strip_places(exploration), about=about)


def _load(path: Path) -> Image:
    with Pillow.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def test_a_translation_through_many_noises_moves_over_all_of_them() -> None:
    (places,) = strip_places(_walk(4, 25))
    assert np.allclose(places, np.linspace(0.0, 3.0, 25))
    (few,) = strip_places(_walk(2, 3))
    assert few == (0.0, 0.5, 1.0)


@pytest.mark.parametrize("method", ["slerp", "wipe"])
def test_other_methods_have_no_strip(tmp_path: Path, method: str) -> None:
    exploration = _walk(3, 9, method)
    assert strip_places(exploration) == ((),)
    plan = _plan(exploration, tuple(range(9)))
    with pytest.raises(InputError, match="Translation"):
        check_export(tmp_path / "a.tif", plan, WIDTH, HEIGHT)
    assert estimate_bytes(tmp_path / "a.tif", plan, WIDTH, HEIGHT) == 0


@pytest.mark.parametrize("indices", [tuple(range(25)), tuple(range(5, 20))])
def test_the_windows_of_a_strip_become_the_strip(tmp_path: Path, indices: tuple[int, ...]) -> None:
    exploration = _walk(4, 25)
    strip, plan = _strip(4), _plan(exploration, indices)
    frames = _windows(strip, plan.places[0])
    check_export(tmp_path / "a.tif", plan, WIDTH, HEIGHT)
    with open_export(tmp_path / "a.tif", plan) as add:
        for index in reversed(indices):
            add(index, [frames[index]])
    left = round(plan.places[0][indices[0]] * WIDTH)
    right = round(plan.places[0][indices[-1]] * WIDTH) + WIDTH
    assert np.array_equal(_load(tmp_path / "a.tif"), strip[:, left:right])
    assert estimate_bytes(tmp_path / "a.tif", plan, WIDTH, HEIGHT) == 3 * HEIGHT * (right - left)


def test_a_pixel_is_mostly_of_the_frame_whose_middle_is_nearest(tmp_path: Path) -> None:
    plan = _plan(_walk(2, 3), (0, 1, 2))
    with open_export(tmp_path / "a.tif", plan) as add:
        for index, grey in enumerate((0, 100, 200)):
            add(index, [np.full((HEIGHT, WIDTH, 3), grey, np.uint8)])
    line = _load(tmp_path / "a.tif")[0, :, 0].astype(int)
    assert line.shape == (2 * WIDTH,)
    assert set(line[:40]) == {0}
    assert set(line[60:70]) == {100}
    assert set(line[90:]) == {200}
    assert (np.diff(line) >= 0).all()
    assert 3 < np.flatnonzero((line > 0) & (line < 100)).size < 20, "soft, and narrow"


def test_its_file_opens_as_the_session(tmp_path: Path) -> None:
    exploration = _walk(2, 3)
    plan = _plan(exploration, (0, 1, 2))
    with open_export(tmp_path / "a.tif", plan) as add:
        for index in plan.indices:
            add(index, [np.zeros((HEIGHT, WIDTH, 3), np.uint8)])
    assert recall(tmp_path / "a.tif").exploration == exploration
    (tmp_path / "b.tif").write_bytes((tmp_path / "a.tif").read_bytes()[:40])
    with pytest.raises(InputError):
        recall(tmp_path / "b.tif")


def test_a_strip_without_frames_leaves_no_file(tmp_path: Path) -> None:
    plan = _plan(_walk(2, 3), (0, 1, 2))
    with pytest.raises(InputError, match="no frames"), open_export(tmp_path / "a.tif", plan):
        pass
    assert not list(tmp_path.iterdir())


def test_a_strip_that_is_too_wide_is_refused(tmp_path: Path) -> None:
    plan = _plan(_walk(40, 79), tuple(range(79)))
    with pytest.raises(InputError, match="wider"):
        check_export(tmp_path / "a.tif", plan, 4096, 4096)
