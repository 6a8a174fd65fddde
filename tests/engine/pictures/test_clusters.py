"""Groups of similar pictures are found, and again in the same way."""

from __future__ import annotations

import numpy as np
import pytest

from engine.messages import Image
from engine.pictures.atlas_page import MAX_SIDE, PATH, SHELL, atlas_page
from engine.pictures.clusters import features_of, k_means, nearest_centre


def _picture(colour: tuple[int, int, int], seed: int, side: int = 64) -> Image:
    noise = np.random.default_rng(seed).integers(-12, 12, (side, side, 3))
    return np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)


COLOURS = (200, 40, 40), (40, 200, 40), (40, 40, 200)


def test_pictures_of_three_kinds_are_three_clusters() -> None:
    kinds = [k for k in range(3) for _ in range(5)]
    pictures = [_picture(COLOURS[kind], seed) for seed, kind in enumerate(kinds)]
    vectors = np.stack([features_of(picture) for picture in pictures])
    centres = k_means(vectors, 3)
    labels = nearest_centre(vectors, centres)
    groups = [set(labels[5 * k : 5 * k + 5].tolist()) for k in range(3)]
    assert sorted(len(group) for group in groups) == [1, 1, 1]
    assert len(set.union(*groups)) == 3
    assert np.array_equal(k_means(vectors, 3), centres)


@pytest.mark.parametrize("count", [1, 4, 9])
def test_there_are_never_more_clusters_than_different_pictures(count: int) -> None:
    vectors = np.repeat(np.eye(3, dtype=np.float32), 2, axis=0)
    assert len(k_means(vectors, count)) == min(count, 3)


def test_an_atlas_page_has_pictures_at_their_places_with_shell_and_path() -> None:
    pictures = {(i, j): _picture(COLOURS[i % 3], j, 32) for i in (-1, 0, 1) for j in (0, 1)}
    path = np.array([[-0.5, 0.0], [0.5, 0.0]])
    page = atlas_page(pictures, 0.5, 0.6, path, "A plane")
    plain = atlas_page(pictures, 0.5, 0.0, path[:0])
    assert page.shape[1] == plain.shape[1] > 3 * 32
    assert page.shape[0] > plain.shape[0] > 2 * 32
    assert {SHELL, PATH} <= {tuple(colour) for colour in page.reshape(-1, 3).tolist()}
    left = plain.shape[1] - 3 * 32
    assert np.array_equal(plain[:32, left : left + 32], pictures[-1, 1])


def test_a_large_atlas_has_smaller_pictures() -> None:
    picture = _picture(COLOURS[0], 1, 512)
    page = atlas_page({(i, 0): picture for i in range(33)}, 0.1, 1.0, np.empty((0, 2)))
    assert page.shape[1] <= MAX_SIDE + 512
