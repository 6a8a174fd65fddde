"""Parameters as dataclass fields with a label, limits and a help text, from which forms are
made."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from engine.errors import InputError
from engine.walk import ParameterValue

#: Whole numbers from here on are no numbers of a parameter; some have no float.
MAX_WHOLE = 2**64
#: Most characters of a wrong value that are shown.
_MOST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that a person can set: its default, label, bounds or choices, and help text.

    `at_low` is shown instead of the number when the value is `low`. The units "seed" and "folder"
    are not shown: they ask for a field of their own.
    """

    name: str
    default: ParameterValue
    label: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    unit: str = ""
    at_low: str = ""
    choices: tuple[str, ...] = ()
    help: str = ""

    def check(self, value: object) -> ParameterValue:
        """Convert `value` to this parameter's type. Raises InputError for an invalid value."""
        kind = type(self.default)
        if isinstance(value, str) and kind is not str:
            value = self._parse(value)
        if isinstance(value, int) and abs(value) >= MAX_WHOLE:
            raise self._refusal("one so large")
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise self._refusal(repr(value))
        assert isinstance(value, float | int | str | bool)
        if self.choices and value not in self.choices:
            raise self._refusal(repr(value))
        if not isinstance(value, str) and not self._within(value):
            raise self._refusal(repr(value))
        return value

    def _refusal(self, given: str) -> InputError:
        shown = given if len(given) <= _MOST_SHOWN else f"{given[:_MOST_SHOWN]}…"
        return InputError(f"Parameter {self.name!r} takes {self._expectation()}, not {shown}.")

    def _parse(self, text: str) -> object:
        if isinstance(self.default, bool):
            return {
                "true": True,
                "yes": True,
                "1": True,
                "false": False,
                "no": False,
                "0": False,
            }.get(text.strip().lower(), text)
        try:
            return type(self.default)(text)
        except ValueError:
            return text

    def _within(self, value: float) -> bool:
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        return math.isfinite(value) and low <= value <= high

    def _expectation(self) -> str:
        if self.choices:
            return "one of " + ", ".join(self.choices)
        noun = {float: "a number", int: "a whole number", bool: "true or false", str: "a text"}
        text = noun[type(self.default)]
        if self.low is not None and self.high is not None:
            text += f" from {self.low:g} to {self.high:g}"
        return text


def parameter(
    default: Any,
    label: str,
    *,
    low: float | None = None,
    high: float | None = None,
    step: float | None = None,
    unit: str = "",
    at_low: str = "",
    choices: tuple[str, ...] = (),
    help: str = "",
) -> Any:
    """Declares a dataclass field as a parameter. Bounds are inclusive."""
    details = {"label": label, "low": low, "high": high, "step": step, "unit": unit}
    texts = {"at_low": at_low, "choices": choices, "help": help}
    return dataclasses.field(default=default, metadata=details | texts)


def parameters_of(owner: type[Any]) -> tuple[Parameter, ...]:
    """Returns the parameters of a class in the order of their declaration."""
    return tuple(
        Parameter(name=f.name, default=_default(f), **f.metadata) for f in dataclasses.fields(owner)
    )


def build(owner: type[Any], values: tuple[tuple[str, ParameterValue], ...]) -> Any:
    """Creates an instance of `owner` with these values. Raises InputError for an unknown name."""
    known = {p.name: p for p in parameters_of(owner)}
    checked = {}
    for name, value in values:
        if name not in known:
            listing = ", ".join(known) or "none"
            raise InputError(f"There is no parameter {name!r} here; the method has: {listing}.")
        checked[name] = known[name].check(value)
    return owner(**checked)


def _default(field: dataclasses.Field[Any]) -> ParameterValue:
    value = field.default
    if not isinstance(value, float | int | str | bool):
        raise TypeError(f"parameter {field.name!r} has no plain default")
    return value
