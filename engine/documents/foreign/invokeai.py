"""Reads settings of InvokeAI, in the format of version 2 and of version 3 and later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from engine.documents.foreign.contract import (
    ForeignReader,
    ForeignSettings,
    number,
    readers,
    whole_number,
)

KEY, OLD_KEY = "invokeai_metadata", "sd-metadata"
_KNOWN = (
    *("positive_prompt", "negative_prompt", "prompt", "seed", "steps", "cfg_scale"),
    *("width", "height", "generation_mode", "app_version", "type", "postprocessing"),
)


@readers.register("invokeai")
class InvokeAI(ForeignReader):
    """Reads `invokeai_metadata`, a flat JSON object, or "image" in `sd-metadata`."""

    @classmethod
    def read(cls, texts: Mapping[str, str]) -> ForeignSettings | None:
        if KEY in texts:
            values: object = msgspec.json.decode(texts[KEY])
        elif OLD_KEY in texts:
            outer = msgspec.json.decode(texts[OLD_KEY], type=dict[str, Any])
            values = outer.get("image")
        else:
            return None
        if not isinstance(values, dict):
            return None
        prompt, negative = _prompts(values)
        return ForeignSettings(
            "InvokeAI",
            prompt,
            negative,
            whole_number(values.get("seed")),
            whole_number(values.get("steps")),
            number(values.get("cfg_scale")),
            whole_number(values.get("width")),
            whole_number(values.get("height")),
            tuple(str(key) for key, value in values.items() if key not in _KNOWN and value),
        )


def _prompts(values: Mapping[str, Any]) -> tuple[str, str]:
    """Returns the prompt and the negative prompt.

    Version 2 has a list of prompts with weights. The negative prompt is in brackets in this list.
    """
    prompt = values.get("positive_prompt", values.get("prompt", ""))
    if isinstance(prompt, list):
        first = prompt[0] if prompt else {}
        prompt = first.get("prompt", "") if isinstance(first, dict) else ""
    negative = values.get("negative_prompt", "")
    return (
        prompt if isinstance(prompt, str) else "",
        negative if isinstance(negative, str) else "",
    )
