"""The base classes of measures.

A measure is a frozen dataclass that computes one number from a finished frame, or from the step
between two neighbouring frames. It never requests a frame.
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
    """A finished frame: its picture, statistics of its initial latent, and its CLIP cosine.

    `cosine` is the cosine between the CLIP directions of the picture and of its text; NaN for
    measures that do not use it.
    """

    image: Image
    stats: LatentStats
    cosine: float


class Space(Enum):
    """The space in which the distance between two pictures is measured."""

    PICTURE = "picture"
    CLIP = "clip"


@dataclass(frozen=True, slots=True)
class Summary:
    """A number that summarizes a measure's values along a walk. `is_mean` marks their mean, which
    has a standard error."""

    label: str
    of: Callable[[Values], float]
    is_mean: bool = False


@dataclass(frozen=True)
class Measure(ABC):
    """The base class of all measures. `tip` is a line that explains the number.

    `needs_scorer` is True if the measure uses a CLIP model, `needs_text` if it also uses the
    scoring text. `summaries` are its columns in the summary table.
    """

    label: ClassVar[str]
    tip: ClassVar[str]
    unit: ClassVar[str] = ""
    needs_scorer: ClassVar[bool] = False
    needs_text: ClassVar[bool] = False
    summaries: ClassVar[tuple[Summary, ...]] = ()

    def theory(self, std: Values, dimension: int) -> Values | None:
        """Returns the values expected for independent ends at the latent's `std`, or None.

        `dimension` is the number of the latent's elements.
        """
        return None


@dataclass(frozen=True)
class FrameMeasure(Measure):
    """A number for each frame. `stat` is the field of LatentStats with its value, if there is
    one."""

    stat: ClassVar[str] = ""

    @abstractmethod
    def of(self, frame: Observed) -> float:
        """The value at one frame."""


@dataclass(frozen=True)
class StepMeasure(Measure):
    """A number for each step from one frame to the next. It belongs to the later frame; in a loop,
    the step from the last frame to the first belongs to the first."""

    space: ClassVar[Space] = Space.PICTURE

    @abstractmethod
    def of(self, distance: float, span: float) -> float:
        """The value of a step with this `distance`. `span` is its duration; the walk takes 1."""


measures: Registry[Measure] = Registry("engine.metrics", "measure")


def make_measure(name: str) -> Measure:
    """Creates the measure called `name`. Raises InputError for an unknown name."""
    return measures.get(name)()


def mean(values: Values) -> float:
    """Returns the mean of the finite values, NaN if there are none."""
    return float(np.mean(values)) if values.size else float("nan")


def variation(steps: Values) -> float:
    """Returns the coefficient of variation, the std of the steps over their mean: 0 for equal
    steps, NaN if there are none or all are 0. Unknown steps (NaN) are left out."""
    known = steps[np.isfinite(steps)]
    middle = float(known.mean()) if known.size else 0.0
    return float(known.std()) / middle if middle else float("nan")


def largest_step(steps: Values) -> float:
    """Returns the largest step as a multiple of the median: 1 for equal steps, NaN if there are
    none or the median is 0. Unknown steps (NaN) are left out."""
    known = steps[np.isfinite(steps)]
    middle = float(np.median(known)) if known.size else 0.0
    return float(known.max()) / middle if middle else float("nan")


def smoothness(steps: Values) -> float:
    """Returns 1 − Gini(d): 1 for equal steps, near 0 if one step has almost all of the change, NaN
    for less than two steps.

    Gini = ΣΣ|d_i − d_j| / (2 n² mean d) (AID, NeurIPS 2024), here from the sorted steps.
    """
    if steps.size < 2 or not steps.sum():
        return float("nan")
    n, ordered = steps.size, np.sort(steps)
    ranks = 2.0 * np.arange(1, n + 1) - n - 1.0
    return 1.0 - float(ranks @ ordered) / (n * float(ordered.sum()))
