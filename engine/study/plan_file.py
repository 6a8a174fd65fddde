"""Reads the plan of a study from TOML, and checks it before anything runs.

title = "Linear or slerp?"
models = ["starter"]                 # "starter", folders, files, hub ids that are on this machine
prompts = ["A photo of a cat"]       # or prompts_file = "prompts.txt", one prompt a line
seeds = {first = 1, last = 200}      # or [1, 2, 5]; a seed is a pair: its first and second draw
methods = ["linear", "slerp", {name = "spline", params = {kind = "natural"}}]
frames = 21                          # γ = k/20
guidance = [1.5, 4.0]                # or one number; without it, the model's own
measures = ["clip_score", "sharpness"]

Also: steps, width, height, solver, negative, scoring_text, scorer, device, precision, samples,
threads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from engine.atomic import open_file
from engine.documents.toml_text import parse_toml
from engine.documents.validation import MAX_TEXT, check_exploration
from engine.errors import InputError
from engine.methods.contract import make_method
from engine.metrics.contract import StepMeasure, make_measure
from engine.study.plan import StudyPlan, method_label
from engine.walk import (
    MAX_FRAMES,
    MAX_SEED,
    Exploration,
    Keyframe,
    MethodChoice,
    NoiseSource,
    Sampling,
    Walk,
)

MAX_BYTES = 1 << 20
#: Most cells (models × guidances × seeds × prompts) of a study.
MAX_CELLS = 10_000_000
MAX_THREADS, MAX_SAMPLES = 256, 100
_NOUNS: dict[type, str] = {int: "a whole number", float: "a number", str: 'a text in "quotes"'}


def load_plan(path: Path) -> tuple[StudyPlan, bytes]:
    """Reads a plan, and returns its bytes, too. Raises InputError that names the file, and the line
    if there is one."""
    data = _read(path)
    if len(data) > MAX_BYTES:
        raise InputError(f"{path.name} is no plan: it has more than {MAX_BYTES:,} bytes.")
    return read_plan(data, path.name, path.parent), data


def read_plan(data: bytes, name: str, folder: Path) -> StudyPlan:
    """Returns the plan of a file's bytes. `name` is its name in errors; `folder` is where the file
    of prompts lies. Raises InputError."""
    text, table = parse_toml(data, name, "plan")
    reader = _Reader(name, text.splitlines(), folder)
    for key in table:
        if key not in _READERS:
            near = get_close_matches(key, _READERS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(_READERS)}."
            raise reader.error(key, f"There is no key {key!r}; {hint}")
    if "prompts" in table and "prompts_file" in table:
        raise reader.error("prompts_file", "Give prompts or prompts_file, not both.")
    fields: dict[str, Any] = {}
    for key, value in table.items():
        field, read = _READERS[key]
        with reader.at(key):
            fields[field] = read(reader, key, value)
    plan = StudyPlan(**fields)
    _check(plan, reader)
    return plan


def _read(path: Path) -> bytes:
    try:
        with open_file(path) as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from error


@dataclass(frozen=True, slots=True)
class _Reader:
    """The lines of a file for errors, and the readers of single values."""

    name: str
    lines: list[str]
    folder: Path

    def error(self, key: str, text: str) -> InputError:
        found = (k for k, x in enumerate(self.lines, 1) if re.match(rf"\s*{re.escape(key)}\b", x))
        line = next(found, None)
        where = f"{self.name}, line {line}" if line else self.name
        return InputError(f"{where}: {text}")

    @contextmanager
    def at(self, key: str) -> Iterator[None]:
        """Adds file and line to an InputError about `key`."""
        try:
            yield
        except InputError as error:
            if str(error).startswith(self.name):
                raise
            raise self.error(key, str(error)) from error

    def one(self, key: str, value: Any, kind: type) -> Any:
        wanted = (int, float) if kind is float else (kind,)
        if type(value) not in wanted:
            raise InputError(f"{key} takes {_NOUNS[kind]}, not {value!r}.")
        try:
            return kind(value)
        except OverflowError as error:
            raise InputError(f"A number of {key} is too large.") from error

    def text(self, key: str, value: Any) -> str:
        text: str = self.one(key, value, str)
        if len(text) > MAX_TEXT:
            raise InputError(f"{key} takes at most {MAX_TEXT:,} characters, not {len(text):,}.")
        return text

    def texts(self, key: str, value: Any) -> tuple[str, ...]:
        return tuple(self.text(key, item) for item in _listed(key, value))

    def names(self, key: str, value: Any) -> tuple[str, ...]:
        names = self.texts(key, value)
        for name in names:
            make_measure(name)
        return names

    def whole(self, key: str, value: Any) -> int:
        number: int = self.one(key, value, int)
        low, high = _RANGES[key]
        if not low <= number <= high:
            raise InputError(f"{key} takes a whole number from {low} to {high:,}, not {number}.")
        return number

    def numbers(self, key: str, value: Any) -> tuple[float, ...]:
        rows = _listed(key, value if isinstance(value, list) else [value])
        return tuple(self.one(key, item, float) for item in rows)

    def methods(self, key: str, value: Any) -> tuple[MethodChoice, ...]:
        choices = tuple(self._method(key, item) for item in _listed(key, value))
        _check_doubles(key, choices)
        _check_doubles(key, map(method_label, choices))  # seed = 1 is seed = "1"
        return choices

    def _method(self, key: str, value: Any) -> MethodChoice:
        if isinstance(value, dict):
            unknown = set(value) - {"name", "params"}
            params = value.get("params", {})
            if unknown or "name" not in value or not isinstance(params, dict):
                raise InputError('A method is a name or {name = "…", params = {…}}.')
            name = self.text("name", value["name"])
            choice = MethodChoice(name, tuple(sorted(params.items())))
        else:
            choice = MethodChoice(self.text(key, value))
        make_method(choice)
        return choice

    def seeds(self, key: str, value: Any) -> tuple[int, ...] | range:
        if isinstance(value, dict):
            if set(value) != {"first", "last"}:
                raise InputError("seeds takes a list of seeds or {first = 1, last = 200}.")
            first, last = (self._seed(value[name]) for name in ("first", "last"))
            if last < first:
                raise InputError(f"The range of seeds from {first} to {last} is empty.")
            if last - first >= MAX_CELLS:
                raise InputError(f"The range of seeds has more than {MAX_CELLS:,} seeds.")
            return range(first, last + 1)
        return tuple(self._seed(item) for item in _listed(key, value))

    def _seed(self, value: Any) -> int:
        seed: int = self.one("seeds", value, int)
        if not 0 <= seed <= MAX_SEED:
            raise InputError(f"A seed is a whole number from 0 to {MAX_SEED}, not {seed}.")
        return seed

    def prompts_of_file(self, key: str, value: Any) -> tuple[str, ...]:
        data = _read(self.folder / self.text(key, value))
        if len(data) > MAX_BYTES:
            raise InputError(f"{value} has more than {MAX_BYTES:,} bytes.")
        try:
            rows = [line.strip() for line in data.decode("utf-8-sig").splitlines()]
        except UnicodeDecodeError as error:
            raise InputError(f"{value} is not UTF-8 text.") from error
        return self.texts(key, [row for row in rows if row])


def _listed(key: str, value: Any) -> list[Any]:
    """Returns a list without doubles. Raises InputError if it is empty or no list."""
    if not isinstance(value, list):
        raise InputError(f"{key} takes a list in [brackets], not {value!r}.")
    if not value:
        raise InputError(f"The list of {key} is empty.")
    if not any(isinstance(item, dict | list) for item in value):
        _check_doubles(key, value)
    return value


def _check_doubles(key: str, items: Iterable[Any]) -> None:
    """Raises InputError for an item that is there twice."""
    known: set[Any] = set()
    for item in items:
        if item in known:
            shown = method_label(item) if isinstance(item, MethodChoice) else item
            raise InputError(f"{key} has {shown!r} twice.")
        known.add(item)


_RANGES = {
    "frames": (1, MAX_FRAMES),
    "steps": (1, 1000),
    "width": (1, 4096),
    "height": (1, 4096),
    "samples": (0, MAX_SAMPLES),
    "threads": (1, MAX_THREADS),
}
_Read = Callable[[_Reader, str, Any], Any]
_READERS: dict[str, tuple[str, _Read]] = {
    "title": ("title", _Reader.text),
    "models": ("models", _Reader.texts),
    "prompts": ("prompts", _Reader.texts),
    "prompts_file": ("prompts", _Reader.prompts_of_file),
    "seeds": ("seeds", _Reader.seeds),
    "methods": ("methods", _Reader.methods),
    "guidance": ("guidances", _Reader.numbers),
    "measures": ("measures", _Reader.names),
    **{key: (key, _Reader.whole) for key in _RANGES},
    **{
        key: (key, _Reader.text)
        for key in ("solver", "negative", "scoring_text", "scorer", "device", "precision")
    },
}


def _check(plan: StudyPlan, reader: _Reader) -> None:
    """Raises InputError for missing parts, and for settings that no walk can have."""
    if not plan.prompts:
        raise reader.error("prompts", "A plan needs prompts = […] or prompts_file.")
    for key in ("seeds", "methods"):
        if not getattr(plan, key):
            raise reader.error(key, f"A plan needs {key}.")
    cells = len(plan.models) * max(len(plan.guidances), 1) * len(plan.seeds) * len(plan.prompts)
    if cells > MAX_CELLS:
        raise reader.error("seeds", f"{cells:,} walks are more than {MAX_CELLS:,}.")
    _check_walks(plan, reader)
    if plan.frames < 2 and any(name in plan.measures for name in _step_measures(plan)):
        raise reader.error("frames", "A measure of steps needs 2 frames or more.")
    empty = any(not prompt.strip() for prompt in plan.prompts)
    if empty and not plan.scoring_text and any(make_measure(n).needs_text for n in plan.measures):
        raise reader.error("prompts", "An empty prompt cannot be scored; give a scoring_text.")


def _check_walks(plan: StudyPlan, reader: _Reader) -> None:
    """Checks the settings as those of an exploration are checked."""
    base = Sampling(solver=plan.solver)
    for guidance in plan.guidances or (base.guidance,):
        with reader.at("guidance" if guidance != base.guidance else "solver"):
            ends = (Keyframe(plan.prompts[0], NoiseSource(1, draw)) for draw in (0, 1))
            walk = Walk(tuple(ends), plan.methods[:1], plan.negative, plan.frames)
            sampling = Sampling(guidance=guidance, solver=plan.solver)
            check_exploration(Exploration(walk=walk, compare=plan.methods, sampling=sampling))


def _step_measures(plan: StudyPlan) -> tuple[str, ...]:
    return tuple(name for name in plan.measures if isinstance(make_measure(name), StepMeasure))
