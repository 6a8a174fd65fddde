"""What a measure is.

A measure is a frozen dataclass that turns what is known of a finished frame, or of the step
between two neighbours, into one number. It never asks for anything to be generated.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from engine.messages import Image, LatentStats
from engine.registry import Registry

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Observed:
    """A finished frame: its picture, what entered its first step, and its fit to the text.

    `cosine` is that between the CLIP directions of the picture and of the scoring text; NaN for
    measures that do not need one.
    """

    image: Image
    stats: LatentStats
    cosine: float


class Space(Enum):
    """Where the distance between two pictures is taken."""

    PICTURE = "picture"
    CLIP = "clip"


@dataclass(frozen=True, slots=True)
class Summary:
    """One number that stands for a measure's values along a walk. `spread` adds their std."""

    label: str
    of: Callable[[Values], float]
    spread: bool = False


@dataclass(frozen=True)
class Measure(ABC):
    """Base of all measures. `tip` says in one line what the number means.

    `needs_scorer`: a CLIP model has to look at the picture; `needs_text`: and at a text.
    `summaries` are what a table of whole walks shows of it.
    """

    label: ClassVar[str]
    tip: ClassVar[str]
    unit: ClassVar[str] = ""
    needs_scorer: ClassVar[bool] = False
    needs_text: ClassVar[bool] = False
    summaries: ClassVar[tuple[Summary, ...]] = ()

    def theory(self, std: Values, dimension: int) -> Values | None:
        """What independent ends lead to expect where the latent's std is `std`, if anything.

        `dimension` is the number of the latent's elements.
        """
        return None


@dataclass(frozen=True)
class FrameMeasure(Measure):
    """A number for each frame. `stat` names the field of LatentStats that already holds it."""

    stat: ClassVar[str] = ""

    @abstractmethod
    def of(self, frame: Observed) -> float:
        """The value at one frame."""


@dataclass(frozen=True)
class StepMeasure(Measure):
    """A number for each step from one frame to the next; it belongs to the later frame."""

    space: ClassVar[Space] = Space.PICTURE

    @abstractmethod
    def of(self, distance: float, span: float) -> float:
        """The value of a step of `distance` over `span` of the walk's time, which is 0 to 1."""


measures: Registry[Measure] = Registry("engine.metrics", "measure")


def make_measure(name: str) -> Measure:
    """The measure called `name`. Raises InputError for an unknown name."""
    return measures.get(name)()


def mean(values: Values) -> float:
    """The mean of the values that exist, NaN for none."""
    return float(np.mean(values)) if values.size else float("nan")


def smoothness(steps: Values) -> float:
    """1 − Gini(d): 1 for equal steps, near 0 for one leap among many rests; NaN for less than two.

    Gini = ΣΣ|d_i − d_j| / (2 n² mean d) (AID, NeurIPS 2024), here from the sorted steps.
    """
    if steps.size < 2 or not steps.sum():
        return float("nan")
    n, ordered = steps.size, np.sort(steps)
    ranks = 2.0 * np.arange(1, n + 1) - n - 1.0
    return 1.0 - float(ranks @ ordered) / (n * float(ordered.sum()))
