"""Reads settings of AUTOMATIC1111's web UI, Forge, SD.Next and others with the same text format."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from engine.documents.foreign.contract import (
    ForeignReader,
    ForeignSettings,
    number,
    readers,
    whole_number,
)

KEY = "parameters"
_NEGATIVE = "Negative prompt:"
#: Bounded, so that the time for a long line without a colon is linear.
_SETTING = re.compile(r'\s*(\w[\w \-/]{1,40}):\s*("(?:\\.|[^\\"]){1,4000}"|[^,]*)(?:,|$)')
_MAX_LINE = 20_000
_KNOWN = ("Steps", "CFG scale", "Seed", "Size")


@readers.register("a1111")
class A1111(ForeignReader):
    """Reads `parameters`: prompt, "Negative prompt: …", and a last line "Steps: 20, Sampler: …"."""

    @classmethod
    def read(cls, texts: Mapping[str, str]) -> ForeignSettings | None:
        text = texts.get(KEY, "")
        lines = text.strip().split("\n")
        start = next((n for n, line in enumerate(lines) if line.startswith("Steps: ")), None)
        if start is None:
            return None
        words, last = "\n".join(lines[:start]), ", ".join(lines[start:])[:_MAX_LINE]
        prompt, _, negative = words.partition(_NEGATIVE)
        values = {key: _unquoted(value) for key, value in _SETTING.findall(last)}
        width, _, height = values.get("Size", "").partition("x")
        return ForeignSettings(
            "AUTOMATIC1111",
            prompt.strip(),
            negative.strip(),
            whole_number(values.get("Seed")),
            whole_number(values.get("Steps")),
            number(values.get("CFG scale")),
            whole_number(width),
            whole_number(height),
            tuple(_other(key, value) for key, value in values.items() if key not in _KNOWN),
        )


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        try:
            return str(json.loads(value))
        except ValueError:
            return value
    return value.strip()


def _other(key: str, value: str) -> str:
    """Returns the name of a setting, with its value if the value is short."""
    return f"{key} {value}" if len(value) <= 20 else key
