"""Groups of similar pictures, by the coarse scales of the program's own perceptual distance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.conditioning import Array32
from engine.messages import Image
from engine.pictures.picture_distance import pyramid_of

#: The coarsest scales, which hold what a picture shows; the finer ones hold its texture.
SCALES = 3
_ROUNDS, _STARTS = 40, 4

Labels = npt.NDArray[np.intp]


def features_of(image: Image) -> Array32:
    """Returns a vector [d] of a picture [H, W, 3]. The distance of two vectors is the root of the
    sum over SCALES scales of the mean squared difference of their pyramids."""
    bands = pyramid_of(image)[-SCALES:]
    return np.concatenate([(band / np.sqrt(np.float32(band.size))).ravel() for band in bands])


def k_means(vectors: Array32, count: int, seed: int = 0) -> Array32:
    """Returns the centres [k, d] of at most `count` groups of `vectors` [n, d].

    Lloyd's algorithm from several starts by k-means++ (Arthur and Vassilvitskii, 2007); the centres
    with the smallest sum of squared distances are returned. Equal input gives equal centres.
    """
    generator = np.random.default_rng(seed)
    found = [_lloyd(vectors, _start(vectors, count, generator)) for _ in range(_STARTS)]
    return min(found, key=lambda centres: float(_gaps(vectors, centres).min(axis=1).sum()))


def nearest_centre(vectors: Array32, centres: Array32) -> Labels:
    """Returns the number of the nearest of `centres` [k, d] for each of `vectors` [n, d]."""
    return _gaps(vectors, centres).argmin(axis=1)


def _start(vectors: Array32, count: int, generator: np.random.Generator) -> Array32:
    """Draws centres among the vectors, the farther from the drawn ones the more likely."""
    centres = vectors[[generator.integers(len(vectors))]]
    while len(centres) < min(count, len(vectors)):
        gaps = _gaps(vectors, centres).min(axis=1)
        if not gaps.sum():
            break  # fewer different vectors than groups
        drawn = generator.choice(len(vectors), p=gaps / gaps.sum())
        centres = np.concatenate([centres, vectors[[drawn]]])
    return centres


def _lloyd(vectors: Array32, centres: Array32) -> Array32:
    for _ in range(_ROUNDS):
        labels = nearest_centre(vectors, centres)
        groups = [vectors[labels == k] for k in range(len(centres))]
        moved = np.stack(
            [g.mean(axis=0) if len(g) else c for g, c in zip(groups, centres, strict=True)]
        )
        if np.array_equal(moved, centres):
            break
        centres = moved
    return centres


def _gaps(vectors: Array32, centres: Array32) -> npt.NDArray[np.float64]:
    """Returns squared distances [n, k]."""
    return np.stack(
        [((vectors - centre) ** 2).sum(axis=1, dtype=np.float64) for centre in centres], axis=1
    )
