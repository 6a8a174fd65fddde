"""How fast finished frames become files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from engine.export.contract import Plan
from engine.export.open_export import open_export
from engine.messages import Image
from tests.benchmarks.workloads import Workload

#: Pictures as Stable Diffusion draws them, whatever the workload's own size.
SIDE = 512
_SCALES = (1, 2, 4)
_FILES = ("walk.mp4", "walk.webm", "pictures")


def run_export(workload: Workload, out: Path, frames: int) -> dict[str, Any]:
    """Frames a second of each format at each size, and seconds from the last frame to the finished
    file. Fewer frames are enlarged, as they take longer."""
    pictures = [moving_picture(k) for k in range(frames)]
    result: dict[str, Any] = {}
    for scale in _SCALES:
        some = pictures[: max(frames // scale**2, 1)]
        for name in _FILES:
            label = name if scale == 1 else f"{name} ×{scale}"
            folder = out / f"{scale}"
            folder.mkdir(exist_ok=True)
            result[label] = _written(folder / name, some, scale)
    return result


def _written(file: Path, pictures: list[Image], scale: int) -> dict[str, float]:
    began, indices = time.perf_counter(), tuple(range(len(pictures)))
    with open_export(file, Plan(indices=indices, parameters={"scale": scale})) as add:
        for index, picture in enumerate(pictures):
            add(index, [picture])
        last = time.perf_counter()
    ended = time.perf_counter()
    return {"fps": len(pictures) / (ended - began), "close_s": ended - last}


def moving_picture(number: int) -> Image:
    """A picture [SIDE, SIDE, 3] that moves, with grain as a photo has it."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    waves = np.stack([np.sin(7 * x + 5 * y + number / 9 + colour) for colour in range(3)], -1)
    grain = np.random.default_rng(number).normal(0.0, 6.0, (SIDE, SIDE, 1))
    return np.ascontiguousarray((waves * 110 + 128 + grain).clip(0, 255), dtype=np.uint8)
