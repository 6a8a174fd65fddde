"""The experiments that run as programs: their options, and the files that they write."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text. `needed` is a sentence for an empty one, if it may not be empty. `kept` is
    True if an empty text means something, and is not left out."""

    needed: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """An existing file, or nothing."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Seed:
    """A whole number of up to 64 bits."""

    high: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    low: float
    high: float
    step: float


@dataclass(frozen=True, slots=True)
class Numbers:
    """One number or more, separated by commas."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Choices:
    """One of a few values, each with its label."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the picture: left, top, right and bottom in shares of its sides."""


Kind = Text | File | Whole | Seed | Number | Numbers | Choices | Region


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the command line: its label, its first value, its kind and a tip. An empty
    value is left out. With `only`, it is used only if the option of this name has a value (True)
    or has none (False)."""

    name: str
    label: str
    value: str
    kind: Kind
    tip: str
    only: tuple[str, bool] | None = None


@dataclass(frozen=True, slots=True)
class Experiment:
    """A command with its title, its page and its table. `about` is a sentence for the person."""

    command: str
    title: str
    about: str
    page: str
    table: str


STUDY, METER, INFLUENCE, DIRECTION = NAMES = ("study", "meter", "influence", "direction")
EXPERIMENTS = (
    Experiment(
        STUDY,
        "Study",
        "Measures many pairs of noises by several methods. A stopped study goes on where it was.",
        "report.html",
        "means.csv",
    ),
    Experiment(
        METER,
        "Seed meter",
        "Draws every prompt with every noise, and says how much each of them decides.",
        "meter.html",
        "meter.csv",
    ),
    Experiment(
        INFLUENCE,
        "Influence of parts",
        "Draws channels, regions and bands of the noise anew, and shows where the picture changes.",
        "influence.html",
        "influence.csv",
    ),
    Experiment(
        DIRECTION,
        "Direction",
        "Finds a direction in the noise that raises a measure, and tests it on other seeds.",
        "direction.html",
        "direction.csv",
    ),
)
