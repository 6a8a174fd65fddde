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
_FILES = ("walk.mp4", "walk.webm", "pictures")


def run_export(workload: Workload, out: Path, frames: int) -> dict[str, Any]:
    """Frames a second of each format, and seconds from the last frame to the finished file."""
    pictures = [moving_picture(k) for k in range(frames)]
    result: dict[str, Any] = {}
    for name in _FILES:
        began = time.perf_counter()
        with open_export(out / name, Plan(indices=tuple(range(frames)))) as add:
            for index, picture in enumerate(pictures):
                add(index, [picture])
            last = time.perf_counter()
        ended = time.perf_counter()
        result[name] = {"fps": frames / (ended - began), "close_s": ended - last}
    return result


def moving_picture(number: int) -> Image:
    """A picture [SIDE, SIDE, 3] that moves, with grain as a photo has it."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    waves = np.stack([np.sin(7 * x + 5 * y + number / 9 + colour) for colour in range(3)], -1)
    grain = np.random.default_rng(number).normal(0.0, 6.0, (SIDE, SIDE, 1))
    return np.ascontiguousarray((waves * 110 + 128 + grain).clip(0, 255), dtype=np.uint8)
