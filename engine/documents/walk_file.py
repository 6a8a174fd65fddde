"""The walk file: a walk in TOML that people write by hand, for `render --walk`.

frames = 90              # default 61
loop = true              # default false
prompt = "A photo of a fox"   # of keyframes without a prompt; also: negative
method = "spline"        # of segments without a method; also: params = {…}, easing, hold, drift

[[keyframe]]             # at least two
seed = 1                 # also: draw, prompt
time = 0.0               # from 0 to 1, of all keyframes or of none
easing = "ease-in-out"   # of the segment that starts here, or four numbers from 0 to 1;
hold = 0.2               # also: method, params, drift (of the hold, in degrees)

[[keyframe]]             # a mix of noises, Σ w z / √Σ w² (Bodin et al., 2024)
mix = [{seed = 1, weight = 2}, {seed = 2, draw = 1, weight = -1}]

[[prompts]]              # optional: prompts with times of their own, instead of the keyframes'
time = 0.0
prompt = "A photo of a fox"
blend = "slerp"          # to the next prompt; default "linear"; also: easing, hold
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.atomic import open_file
from engine.documents.toml_text import parse_toml
from engine.documents.validation import MAX_DRAW, check_walk
from engine.errors import InputError
from engine.methods.contract import make_method
from engine.timing import EASINGS, Easing, Pace, PromptKey, check_pace
from engine.tracks.prompts import BLENDS
from engine.walk import (
    ARTICLE_PROMPT,
    MAX_SEED,
    Keyframe,
    MethodChoice,
    NoiseSource,
    NoiseTerm,
    Walk,
)

MAX_BYTES = 1 << 20
_SEGMENT = ("method", "params", "easing", "hold", "drift")
_WALK = ("frames", "loop", "prompt", "negative", *_SEGMENT, "keyframe", "prompts")
_KEYFRAME = ("seed", "draw", "mix", "prompt", "time", *_SEGMENT)
_MIXED = ("seed", "draw", "weight")
_PROMPT = ("time", "prompt", "blend", "easing", "hold")
_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("frames", "seed", "draw"), (int,)),
    **dict.fromkeys(("prompt", "negative", "method", "blend"), (str,)),
    **dict.fromkeys(("time", "hold", "drift", "weight"), (float, int)),
    **{"loop": (bool,), "params": (dict,), "easing": (str, list), "keyframe": (list,)},
    **dict.fromkeys(("prompts", "mix"), (list,)),
}
_NOUNS = {
    int: "a whole number",
    str: 'a text in "quotes"',
    float: "a number",
    bool: "true or false",
    dict: 'a table such as {kind = "natural"}',
    list: "a list of numbers",
}
_HEADER = re.compile(r"^\s*\[\[\s*(keyframe|prompts)\s*\]\]")


def load_walk(path: Path) -> Walk:
    """Reads a walk file. Raises InputError that names the file and the line."""
    try:
        with open_file(path) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"{path.name} is no walk file: it has more than {MAX_BYTES:,} bytes.")
    return read_walk(data, path.name)


def read_walk(data: bytes, name: str) -> Walk:
    """Returns the walk of a file's bytes. `name` is its name in errors. Raises InputError."""
    text, table = parse_toml(data, name, "walk file")
    walk = _walk(table, _Lines(name, tuple(text.splitlines())))
    try:
        check_walk(walk)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    return walk


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of a file, for errors."""

    name: str
    lines: tuple[str, ...]

    def error(self, number: int | None, key: str, text: str, table: str = "keyframe") -> InputError:
        """An error at a key of keyframe or other table number `number`, or (None) of the walk."""
        matches = ((k, _HEADER.match(line)) for k, line in enumerate(self.lines))
        headers = [(k, header[1]) for k, header in matches if header]
        if number is None:
            span, at = range(headers[0][0] if headers else len(self.lines)), 0
        else:
            ends = (*(k for k, _ in headers[1:]), len(self.lines))
            own = [(k, end) for (k, name), end in zip(headers, ends, strict=False) if name == table]
            # Tables may also be written as one list, without headers.
            at, end = own[number] if number < len(own) else (0, len(self.lines))
            span = range(at, end)
        found = (k for k in span if re.match(rf"\s*{re.escape(key)}\s*=", self.lines[k]))
        return InputError(f"{self.name}, line {next(found, at) + 1}: {text}")


def _walk(table: dict[str, Any], lines: _Lines) -> Walk:
    _check_keys(table, _WALK, None, lines)
    rows = table.get("keyframe", [])
    if len(rows) < 2 or not all(isinstance(row, dict) for row in rows):
        raise lines.error(None, "keyframe", "A walk needs two [[keyframe]] tables or more.")
    for number, row in enumerate(rows):
        _check_keys(row, _KEYFRAME, number, lines)
    loop = table.get("loop", False)
    starts = rows if loop else rows[:-1]
    _check_last(rows[-1], len(rows) - 1, loop, lines)
    methods = tuple(_method(table, row, number, lines) for number, row in enumerate(starts))
    paces = tuple(_pace(table, row, number, lines) for number, row in enumerate(starts))
    prompt = table.get("prompt", ARTICLE_PROMPT)
    return Walk(
        keyframes=tuple(_keyframe(row, number, prompt, lines) for number, row in enumerate(rows)),
        methods=methods[:1] if len(set(methods)) == 1 else methods,
        negative=table.get("negative", ""),
        frames=table.get("frames", 61),
        loop=loop,
        times=_times(rows, lines),
        paces=paces if any(pace != Pace() for pace in paces) else (),
        prompts=_prompts(table, lines),
    )


def _prompts(table: dict[str, Any], lines: _Lines) -> tuple[PromptKey, ...]:
    """Returns the prompts with times of their own, which need a time and a text each."""
    keys: list[PromptKey] = []
    for number, row in enumerate(table.get("prompts", [])):
        if not isinstance(row, dict):
            raise lines.error(None, "prompts", "Write each prompt as a table [[prompts]].")
        _check_keys(row, _PROMPT, number, lines, "prompts")
        for key in ("time", "prompt"):
            if key not in row:
                raise lines.error(number, key, f"The {key} is missing here.", "prompts")
        blend = row.get("blend", BLENDS[0])
        if blend not in BLENDS:
            text = f"Prompts are blended by {' or '.join(BLENDS)}, not {blend!r}."
            raise lines.error(number, "blend", text, "prompts")
        if keys and not keys[-1].time < row["time"]:
            raise lines.error(number, "time", "The time is not later than that before.", "prompts")
        pace = _pace({}, row, number, lines, "prompts")
        keys.append(PromptKey(float(row["time"]), row["prompt"], blend, pace))
    return tuple(keys)


def _check_keys(
    table: dict[str, Any],
    known: tuple[str, ...],
    number: int | None,
    lines: _Lines,
    name: str = "keyframe",
    within: str = "",
) -> None:
    """Raises InputError for unknown keys and for values of another type. The table may be a part of
    the key `within`."""
    for key, value in table.items():
        if key not in known:
            listing = ", ".join(known)
            text = f"There is no key {key!r} here; there are: {listing}."
            raise lines.error(number, within or key, text, name)
        if type(value) not in _TYPES[key]:
            noun = " or ".join(_NOUNS[kind] for kind in _TYPES[key] if (kind, key) != (int, "time"))
            raise lines.error(number, within or key, f"{key} takes {noun}, not {value!r}.", name)
        numbers = value if isinstance(value, list) else [value]
        if any(type(each) is int and abs(each) > MAX_SEED for each in numbers):
            raise lines.error(number, within or key, f"A number of {key} is too large.", name)


def _check_last(row: dict[str, Any], number: int, loop: bool, lines: _Lines) -> None:
    """Raises InputError for settings of a segment after the last keyframe of an open walk."""
    for key in _SEGMENT:
        if key in row and not loop:
            text = f"No segment starts at the last keyframe; leave {key} out, or set loop = true."
            raise lines.error(number, key, text)


def _keyframe(row: dict[str, Any], number: int, prompt: str, lines: _Lines) -> Keyframe:
    text = row.get("prompt", prompt)
    if "mix" in row:
        return _mixed(row, number, text, lines)
    return Keyframe(text, _noise(row, 0 if "seed" in row else number, number, "", lines))


def _noise(row: dict[str, Any], draw: int, number: int, within: str, lines: _Lines) -> NoiseSource:
    """Returns the noise of a keyframe, or of a part of its key `within`."""
    noise = NoiseSource(row.get("seed", 1), row.get("draw", draw))
    for key, value, highest in (("seed", noise.seed, MAX_SEED), ("draw", noise.draw, MAX_DRAW)):
        if not 0 <= value <= highest:
            text = f"The {key} must be a whole number from 0 to {highest}, not {value}."
            raise lines.error(number, within or key, text)
    return noise


def _mixed(row: dict[str, Any], number: int, prompt: str, lines: _Lines) -> Keyframe:
    """Returns the keyframe Σ w z / √Σ w² of a list of noises with weights."""
    parts = row["mix"]
    if "seed" in row or "draw" in row or not parts or not all(isinstance(p, dict) for p in parts):
        text = "A mix is a list of tables {seed = 1, weight = 1.0}, and has no seed beside it."
        raise lines.error(number, "mix", text)
    for part in parts:
        _check_keys(part, _MIXED, number, lines, within="mix")
    sources = [_noise(part, 0, number, "mix", lines) for part in parts]
    weights = [float(part.get("weight", 1.0)) for part in parts]
    norm = math.hypot(*weights)
    if not 0.0 < norm < math.inf or len(set(sources)) < len(sources):
        text = "The weights of a mix are numbers that are not all 0, and its noises differ."
        raise lines.error(number, "mix", text)
    terms = [NoiseTerm(n, w / norm) for n, w in zip(sources, weights, strict=True)]
    return Keyframe(prompt, terms[0].source, terms[0].weight, tuple(terms[1:]))


def _times(rows: list[dict[str, Any]], lines: _Lines) -> tuple[float, ...]:
    given = [number for number, row in enumerate(rows) if "time" in row]
    if not given:
        return ()
    if len(given) < len(rows):
        missing = next(number for number in range(len(rows)) if number not in given)
        raise lines.error(missing, "time", "Give a time to all keyframes or to none.")
    times = tuple(float(row["time"]) for row in rows)
    for number in range(1, len(times)):
        if not times[number - 1] < times[number]:
            raise lines.error(number, "time", "The time is not later than that before.")
    return times


def _method(table: dict[str, Any], row: dict[str, Any], number: int, lines: _Lines) -> MethodChoice:
    own = "method" in row or "params" in row
    at, source = (number, row) if own else (None, table)
    name = row.get("method", table.get("method", "slerp"))
    choice = MethodChoice(name, tuple(sorted(source.get("params", {}).items())))
    try:
        make_method(choice)
    except InputError as error:
        key = "params" if choice.params else "method"
        raise lines.error(at, key, str(error)) from error
    return choice


def _pace(
    table: dict[str, Any],
    row: dict[str, Any],
    number: int,
    lines: _Lines,
    name: str = "keyframe",
) -> Pace:
    at = number if "easing" in row else None
    easing = row.get("easing", table.get("easing", "linear"))
    if isinstance(easing, str) and easing not in EASINGS:
        text = f"There is no easing {easing!r}; there are: {', '.join(EASINGS)}, or four numbers."
        raise lines.error(at, "easing", text, name)
    if isinstance(easing, list) and [type(v) in (int, float) for v in easing] != [True] * 4:
        text = "An easing by handles has four numbers from 0 to 1."
        raise lines.error(at, "easing", text, name)
    handles = EASINGS[easing] if isinstance(easing, str) else Easing(*map(float, easing))
    hold = float(row.get("hold", table.get("hold", 0.0)))
    drift = float(row.get("drift", table.get("drift", 0.0)))
    paces = {"easing": Pace(handles), "hold": Pace(hold=hold), "drift": Pace(drift=drift)}
    for key, pace in paces.items():
        try:
            check_pace(pace)
        except InputError as error:
            raise lines.error(number if key in row else None, key, str(error), name) from error
    return Pace(handles, hold, drift)
