"""Returns the recommended settings of a model, from its folder or its family."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, TypeGuard

from engine.models.inspection.report import ModelReport, read_object
from engine.models.inspection.scheduler_config import draws_in_few_steps
from engine.walk import Sampling


def recommendations(folder: Path) -> dict[str, Any]:
    """Reads steps, guidance, width and height from starter.json. Returns {} without this file."""
    file = folder / "starter.json"
    return read_object(file) if file.is_file() else {}


def recommended(folder: Path, report: ModelReport) -> Sampling:
    """Returns steps, guidance and size that suit the model."""
    said = {name: x for name, x in recommendations(folder).items() if _is_number(x)}
    size = native_size(report)
    plain = Sampling(width=size, height=size)
    if draws_in_few_steps(report.scheduler, report.schedule):
        plain = Sampling(steps=4, guidance=1.0, width=size, height=size)
    return Sampling(
        steps=int(said.get("steps", plain.steps)),
        guidance=float(said.get("guidance", plain.guidance)),
        width=int(said.get("width", plain.width)),
        height=int(said.get("height", plain.height)),
    )


def native_size(report: ModelReport) -> int:
    """Returns the side length in pixels of the model's training images. Returns the longer side."""
    configs = {part.name: part.config for part in report.parts}
    levels = configs.get("vae", {}).get("block_out_channels")
    scale = 2 ** (len(levels) - 1) if levels and isinstance(levels, list) else 8
    said = configs.get("unet", {}).get("sample_size")
    sides = said if isinstance(said, list) else [said]  # two sides for a model of wide images
    return scale * max((int(x) for x in sides if _is_number(x) and x > 0), default=64)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value)
