"""Defines readers for settings of other programs, and converts the settings to an exploration.

Each reader is a class in a separate file in this folder. The texts are untrusted. Therefore readers
use only known settings and a bounded number of steps. Imports no large library.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from engine.documents.validation import check_exploration
from engine.errors import InputError
from engine.registry import Registry
from engine.walk import Exploration, Keyframe, NoiseSource, Sampling, Walk

#: Maximum number of named settings that have no meaning here.
MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class ForeignSettings:
    """The settings that another program wrote into a picture. None and "" mean "not written".

    `others` are the names of settings that have no meaning here, such as a sampler or a LoRA.
    """

    program: str
    prompt: str = ""
    negative: str = ""
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    width: int | None = None
    height: int | None = None
    others: tuple[str, ...] = ()


class ForeignReader(ABC):
    """Base class of all readers."""

    @classmethod
    @abstractmethod
    def read(cls, texts: Mapping[str, str]) -> ForeignSettings | None:
        """Reads the settings from the text entries of a picture.

        Returns None if the program of this reader wrote no settings. Raises ValueError or
        RecursionError for a damaged text.
        """


readers: Registry[ForeignReader] = Registry("engine.documents.foreign", "reader of settings")


def read_foreign(texts: Mapping[str, str]) -> ForeignSettings | None:
    """Returns the settings from the first reader that knows these texts, or None."""
    for name in readers.names():
        try:
            found = readers.get(name).read(texts)
        except (ValueError, RecursionError):
            continue
        if found is not None and (found.prompt or found.seed is not None):
            return found
    return None


def taken_over(found: ForeignSettings, exploration: Exploration) -> tuple[Exploration, str]:
    """Returns the exploration with a new walk from these settings, and a sentence about the rest.

    The sentence names values that cannot be used here. They are left out. The model of
    `exploration` is kept, so the pictures differ from those of the other program.
    """
    made = replace(exploration, walk=Walk(frames=exploration.walk.frames), compare=(), rows=())
    left_out = []
    for name, change in _changes(found).items():
        changed = change(made)
        try:
            check_exploration(changed)
            made = changed
        except InputError:
            left_out.append(name)
    return made, _remark(found.program, [*left_out, *found.others])


def _changes(found: ForeignSettings) -> dict[str, Callable[[Exploration], Exploration]]:
    """Returns the changes of an exploration for each value that is present, by name."""

    def prompts(e: Exploration) -> Exploration:
        e = replace(e, walk=replace(e.walk, prompts=()))
        return _each_keyframe(e, lambda k: replace(k, prompt=found.prompt))

    def noises(e: Exploration) -> Exploration:
        seed = found.seed or 0
        return _each_keyframe(e, lambda k: replace(k, noise=NoiseSource(seed, k.noise.draw)))

    def negative(e: Exploration) -> Exploration:
        return replace(e, walk=replace(e.walk, negative=found.negative))

    def sampling(**values: int | float | None) -> Callable[[Exploration], Exploration]:
        return lambda e: replace(e, sampling=_with(e.sampling, values))

    size = {"width": found.width, "height": found.height}
    changes = {
        "prompt": prompts if found.prompt else None,
        "negative prompt": negative if found.negative else None,
        "seed": noises if found.seed is not None else None,
        "steps": sampling(steps=found.steps) if found.steps is not None else None,
        "guidance": sampling(guidance=found.guidance) if found.guidance is not None else None,
        "size": sampling(**size) if None not in size.values() else None,
    }
    return {name: change for name, change in changes.items() if change is not None}


def _each_keyframe(exploration: Exploration, change: Callable[[Keyframe], Keyframe]) -> Exploration:
    walk = exploration.walk
    keyframes = tuple(change(keyframe) for keyframe in walk.keyframes)
    return replace(exploration, walk=replace(walk, keyframes=keyframes))


def _with(sampling: Sampling, values: Mapping[str, int | float | None]) -> Sampling:
    changed: Sampling = replace(sampling, **values)  # type: ignore[arg-type]
    return changed


def _remark(program: str, left_out: list[str]) -> str:
    names = [name[:40] for name in dict.fromkeys(left_out)]
    shown = ", ".join(names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    rest = f" Left out: {shown}{more}." if names else ""
    return f"The settings are {program}'s; the model here draws another picture from them.{rest}"


def whole_number(value: object) -> int | None:
    """Returns `value` as an integer, or None if it is not one. Accepts texts of digits."""
    if isinstance(value, str) and len(value) <= 30:
        text = value.strip()
        return int(text) if text.removeprefix("-").isascii() and _is_digits(text) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: object) -> float | None:
    """Returns `value` as a number, or None if it is not a number."""
    if isinstance(value, str) and len(value) <= 30:
        try:
            return float(value)
        except ValueError:
            return None
    usable = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
    return float(value) if usable else None  # type: ignore[arg-type]


def _is_digits(text: str) -> bool:
    return text.removeprefix("-").isdigit()
