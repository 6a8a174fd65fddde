"""What was derived from finished pictures, by frame key: CLIP's directions, and looks.

Pictures themselves stay in the frame store; of what is derived the newest few are remembered, and
the rest is derived again when it is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from engine.errors import InputError
from engine.lru_cache import LruCache
from engine.messages import Array32, Image
from engine.metrics.contract import Space
from engine.models.clip import Scorer
from engine.pictures.picture_distance import Look, distance, look_at
from engine.store.frame_store import FrameStore

_DIRECTIONS, _LOOKS = 4096, 64


class PictureFeatures:
    """Distances between pictures of the store, and their fit to a text. The engine's thread.

    Outlives the jobs of one scorer. `scorer` None leaves what CLIP is asked without an answer.
    """

    def __init__(self, store: FrameStore, scorer: Scorer | None = None) -> None:
        self._store, self._scorer = store, scorer
        self._directions: LruCache[str, Array32] = LruCache(_DIRECTIONS)
        self._looks: LruCache[str, Look] = LruCache(_LOOKS)

    def look(self, key: str, image: Image) -> None:
        """Take in a picture while it is at hand: the next frame will be compared with it."""
        if self._looks.get(key) is None:
            self._looks.put(key, look_at(image))

    def read(self, pictures: Mapping[str, Image]) -> None:
        """Let CLIP look at these pictures, together, as far as it has not yet."""
        new = {key: image for key, image in pictures.items() if self._directions.get(key) is None}
        if new and self._scorer is not None:
            for key, direction in zip(new, self._scorer.images(list(new.values())), strict=True):
                self._directions.put(key, direction)

    def of_text(self, text: str) -> Array32:
        """The direction [d] of a text. Raises InputError for one too long to be read."""
        if self._scorer is None:
            raise RuntimeError("no scorer is there to read a text")
        count = self._scorer.count(text)
        if count.tokens > count.limit:
            raise InputError(
                f"The scoring text has {count.tokens} tokens and CLIP reads {count.limit}; "
                "shorten it."
            )
        return self._scorer.text(text)

    def cosine(self, key: str, text: Array32) -> float:
        """That between a picture and the direction of a text; NaN for what cannot be seen."""
        direction = self._direction(key)
        return math.nan if direction is None else float(direction @ text)

    def gap(self, space: Space, first: str, second: str) -> float:
        """The distance of two pictures: perceptual, or in CLIP's space in degrees; NaN as above."""
        if first == second:
            return 0.0
        return self._angle(first, second) if space is Space.CLIP else self._seen(first, second)

    def _seen(self, first: str, second: str) -> float:
        looks = self._look(first), self._look(second)
        return math.nan if looks[0] is None or looks[1] is None else distance(looks[0], looks[1])

    def _angle(self, first: str, second: str) -> float:
        """From the chord: the arc cosine loses small angles in single precision."""
        a, b = self._direction(first), self._direction(second)
        if a is None or b is None:
            return math.nan
        chord = float(np.linalg.norm(a.astype(np.float64) - b))
        return math.degrees(2.0 * math.asin(min(chord / 2.0, 1.0)))

    def _look(self, key: str) -> Look | None:
        known = self._looks.get(key)
        if known is not None:
            return known
        image = self._store.image(key)
        return None if image is None else self._looks.put(key, look_at(image))

    def _direction(self, key: str) -> Array32 | None:
        known = self._directions.get(key)
        if known is not None:
            return known
        image = self._store.image(key)
        if image is not None:
            self.read({key: image})
        return self._directions.get(key)
