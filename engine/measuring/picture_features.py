"""Features of finished pictures by frame key: CLIP's directions, and Laplacian pyramids.

Pictures stay in the frame store. The newest features are cached; others are computed again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from engine.conditioning import Array32
from engine.errors import InputError
from engine.lru_cache import LruCache
from engine.messages import Image
from engine.metrics.contract import Space
from engine.models.clip import Scorer
from engine.pictures.picture_distance import Pyramid, distance, pyramid_of
from engine.store.frame_store import FrameStore

_DIRECTIONS, _PYRAMIDS = 4096, 64


class PictureFeatures:
    """Computes distances between pictures of the store, and their cosine with a text. Runs on the
    engine's thread.

    It is shared by all jobs with one scorer. Without a `scorer`, values of CLIP are NaN.
    """

    def __init__(self, store: FrameStore, scorer: Scorer | None = None) -> None:
        self._store, self._scorer = store, scorer
        self._directions: LruCache[str, Array32] = LruCache(_DIRECTIONS)
        self._pyramids: LruCache[str, Pyramid] = LruCache(_PYRAMIDS)

    def look(self, key: str, image: Image) -> None:
        """Compute the features of a picture now, to compare the next frame with it."""
        if self._pyramids.get(key) is None:
            self._pyramids.put(key, pyramid_of(image))

    def read(self, pictures: Mapping[str, Image]) -> None:
        """Compute the CLIP directions of these pictures in one batch, if they are not cached."""
        new = {key: image for key, image in pictures.items() if self._directions.get(key) is None}
        if new and self._scorer is not None:
            for key, direction in zip(new, self._scorer.images(list(new.values())), strict=True):
                self._directions.put(key, direction)

    def of_text(self, text: str) -> Array32:
        """Return the direction [d] of a text. Raises InputError for a text that is too long."""
        if self._scorer is None:
            raise RuntimeError("there is no scorer to encode a text")
        count = self._scorer.count(text)
        if count.tokens > count.limit:
            raise InputError(
                f"The text to score with has {count.tokens} tokens and CLIP reads {count.limit}; "
                "give a shorter scoring text."
            )
        return self._scorer.text(text)

    def cosine(self, key: str, text: Array32) -> float:
        """Return the cosine between a picture and the vector [d] of a text; NaN if unavailable."""
        direction = self._direction(key)
        return math.nan if direction is None else float(direction @ text)

    def gap(self, space: Space, first: str, second: str) -> float:
        """Return the distance of two pictures: perceptual, or in CLIP's space in degrees. NaN if
        unavailable."""
        if first == second:
            return 0.0
        return self._angle(first, second) if space is Space.CLIP else self._seen(first, second)

    def _seen(self, first: str, second: str) -> float:
        looks = self._pyramid(first), self._pyramid(second)
        return math.nan if looks[0] is None or looks[1] is None else distance(looks[0], looks[1])

    def _angle(self, first: str, second: str) -> float:
        """Compute the angle from the chord, because the arc cosine is inexact for small angles."""
        a, b = self._direction(first), self._direction(second)
        if a is None or b is None:
            return math.nan
        chord = float(np.linalg.norm(a.astype(np.float64) - b))
        return math.degrees(2.0 * math.asin(min(chord / 2.0, 1.0)))

    def _pyramid(self, key: str) -> Pyramid | None:
        known = self._pyramids.get(key)
        if known is not None:
            return known
        image = self._store.image(key)
        return None if image is None else self._pyramids.put(key, pyramid_of(image))

    def _direction(self, key: str) -> Array32 | None:
        known = self._directions.get(key)
        if known is not None:
            return known
        image = self._store.image(key)
        if image is not None:
            self.read({key: image})
        return self._directions.get(key)
