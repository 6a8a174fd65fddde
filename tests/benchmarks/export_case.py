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

_FILES = ("walk.mp4", "walk.webm", "pictures")


def run_export(workload: Workload, out: Path, frames: int) -> dict[str, Any]:
    """Frames a second of each format, and seconds from the last frame to the finished file."""
    pictures = [_picture(workload, k) for k in range(frames)]
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


def _picture(workload: Workload, number: int) -> Image:
    """A smooth picture [H, W, 3] that moves."""
    s = workload.sampling
    y, x = np.mgrid[: s.height, : s.width] / max(s.width, s.height)
    waves = [np.sin(7 * x + 5 * y + number / 9 + colour) for colour in range(3)]
    return np.ascontiguousarray(np.stack(waves, -1) * 127 + 128, dtype=np.uint8)
