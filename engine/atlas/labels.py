"""The regions of pictures: clusters of their features, or the nearest of several texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.atlas.files import Reader
from engine.conditioning import Array32
from engine.pictures.clusters import features_of, k_means, nearest_centre

#: The measure that compares a picture with a text.
SCORE = "clip_score"
#: One label for each picture; None for a picture that is not known.
Labels = list[int | None]


@dataclass(frozen=True, slots=True)
class Clustered:
    """The centres of clusters [k, d], and the labels of the pictures."""

    centres: Array32 = field(repr=False, compare=False)
    labels: Labels


def clustered(reader: Reader, keys: Sequence[str | None], count: int) -> Clustered:
    """Finds at most `count` clusters of the pictures with these keys. May run on any thread."""
    vectors = _vectors(reader, keys)
    known = [vector for vector in vectors if vector is not None]
    if not known:
        return Clustered(np.empty((0, 0), np.float32), [None] * len(vectors))
    centres = k_means(np.stack(known), count)
    return Clustered(centres, _nearest(vectors, centres))


def labels_of(reader: Reader, keys: Sequence[str | None], centres: Array32) -> Labels:
    """Returns the nearest centre of each picture. May run on any thread."""
    return _nearest(_vectors(reader, keys), centres)


def best_texts(scores: Sequence[Sequence[float]]) -> Labels:
    """Returns the number of the text with the highest score, for each picture; None where a score
    is not known. `scores` has a row for each picture and a column for each text."""
    return [None if np.isnan(row).any() else int(np.argmax(row)) for row in scores]


def region_name(texts: Sequence[str], label: int) -> str:
    """Returns the name of a region: its text, or the number of its cluster."""
    return texts[label] if label < len(texts) else f"cluster {label + 1}"


def _vectors(reader: Reader, keys: Sequence[str | None]) -> list[Array32 | None]:
    images = (reader.image(key) if key is not None else None for key in keys)
    return [features_of(image) if image is not None else None for image in images]


def _nearest(vectors: Sequence[Array32 | None], centres: Array32) -> Labels:
    return [
        int(nearest_centre(vector[None], centres)[0]) if vector is not None else None
        for vector in vectors
    ]
