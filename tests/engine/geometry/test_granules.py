"""Methods that move columns do so in whole patches of the model."""

from __future__ import annotations

import numpy as np
import pytest

from engine.geometry.noise import NoiseBank
from engine.geometry.walk_path import WalkPath
from engine.methods.contract import methods
from engine.pictures.strip_places import strip_places
from engine.walk import Exploration, Keyframe, MethodChoice, NoiseSource, Sampling, Walk
from tests.support.texts import make_text

SHAPE = (4, 12, 8)
KEYFRAMES = tuple(Keyframe("a cat", NoiseSource(3, draw)) for draw in (0, 1))


def path(method: str, granule: int, frames: int = 17) -> WalkPath:
    walk = Walk(KEYFRAMES, (MethodChoice(method),), frames=frames)
    return WalkPath(walk, NoiseBank(SHAPE), dict.fromkeys(("", "a cat"), make_text()), granule)


def test_a_translation_moves_by_whole_patches() -> None:
    moved, strip = (
        path("translation", 2),
        np.concatenate([path("translation", 1).keyframe(k) for k in (0, 1)], axis=2),
    )
    windows = {column: strip[:, :, column : column + 8] for column in range(9)}
    found = []
    for index in range(17):
        latent = moved.exact_latent(index / 16)
        found.append(next(c for c, window in windows.items() if np.array_equal(window, latent)))
    assert sorted(set(found)) == [0, 2, 4, 6, 8]
    assert found == sorted(found)


@pytest.mark.parametrize("granule", [1, 2, 4])
def test_a_strip_has_the_places_to_which_pictures_move(granule: int) -> None:
    moved = path("translation", granule)
    strip = np.concatenate([moved.keyframe(k) for k in (0, 1)], axis=2)
    (places,) = strip_places(
        Exploration(walk=moved.walk, sampling=Sampling(width=64, height=96)), 8 * granule
    )
    for index, place in enumerate(places):
        left = round(place * 8)
        window = strip[:, :, left : left + 8]
        assert np.array_equal(window, moved.exact_latent(moved.walk.time_of(index)))


def test_a_wipe_replaces_whole_patches() -> None:
    replaced, start = path("wipe", 2), path("wipe", 2).keyframe(0)
    for index in range(17):
        kept = (replaced.exact_latent(index / 16) == start).all(axis=(0, 1))
        assert (kept[0::2] == kept[1::2]).all()


@pytest.mark.parametrize("name", [n for n in methods.names() if n not in ("translation", "wipe")])
def test_all_other_methods_know_no_patches(name: str) -> None:
    for time in (0.0, 0.3, 1.0):
        one, two = (path(name, granule).exact_latent(time) for granule in (1, 2))
        assert np.array_equal(one, two)
