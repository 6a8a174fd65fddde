"""The measures that a direction can be found for: CLIP's difference of two texts, and a colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine import messages as m
from engine.errors import InputError
from engine.models.clip import Scorer
from engine.statistics.intervals import Values

#: Differences of colours by name, as weights of red, green and blue.
COLOURS = {
    "red-blue": (1.0, 0.0, -1.0),
    "red-green": (1.0, -1.0, 0.0),
    "yellow-blue": (0.5, 0.5, -1.0),
    "light-dark": (0.2126, 0.7152, 0.0722),
}


def text_measure(scorer: Scorer, toward: str, away: str) -> Callable[[Sequence[m.Image]], Values]:
    """100 × the cosine with one text minus that with another. Raises InputError for long texts."""
    for text in (toward, away):
        count = scorer.count(text)
        if count.tokens > count.limit:
            raise InputError(f"CLIP reads {count.limit} tokens and “{text}” has {count.tokens}.")
    axis = np.asarray(scorer.text(toward), np.float64) - scorer.text(away)

    def measure(images: Sequence[m.Image]) -> Values:
        found: Values = 100.0 * np.asarray(scorer.images(images), np.float64) @ axis
        return found

    return measure


def colour_measure(
    name: str, box: tuple[float, float, float, float]
) -> Callable[[Sequence[m.Image]], Values]:
    """The mean colour of a rectangle (left, top, right, bottom, in shares of the picture), weighed
    as one of COLOURS, in % of full scale. Raises InputError for an unknown name."""
    if name not in COLOURS:
        raise InputError(f"There is no colour {name!r}; there are: {', '.join(COLOURS)}.")
    left, top, right, bottom = box
    weights = np.array(COLOURS[name])

    def one(image: m.Image) -> float:
        height, width = image.shape[:2]
        rows, columns = _pixels(top, bottom, height), _pixels(left, right, width)
        return float(image[rows, columns].reshape(-1, 3).mean(axis=0) @ weights / 2.55)

    return lambda images: np.array([one(image) for image in images])


def _pixels(low: float, high: float, count: int) -> slice:
    """The pixels between two shares of a side, at least one."""
    first = min(round(low * count), count - 1)
    return slice(first, max(round(high * count), first + 1))
