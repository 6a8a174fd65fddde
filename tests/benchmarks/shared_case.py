"""Frames that share steps, beside exact ones: seconds a frame, likeness and sharpness."""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.mailbox import JobControl
from engine.store.frame_store import FrameStore
from tests.benchmarks.bench import peak_signal_to_noise
from tests.benchmarks.clock import timed
from tests.benchmarks.engine_case import frames_of, new_renderer, request_for
from tests.benchmarks.workloads import Workload, make_walk

#: The shares of the steps that are measured; 0 is exact.
SHARES = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8)


def run_shared(workload: Workload, out: Path, frames: int, turns: int = 3) -> dict[str, Any]:
    """For each share: processor seconds a frame of all turns, how many frames shared steps, their
    likeness to the exact ones in dB (least, lowest tenth, median), and their relative sharpness."""
    walk, found = make_walk(frames), dict[str, Any]()
    exact: dict[int, Any] = {}
    for turn in range(turns + 1):  # the first turn warms up
        for share in SHARES:
            sampling = replace(workload.sampling, shared_steps=share)
            some = replace(workload, sampling=sampling)
            renderer = new_renderer(FrameStore(), out)
            drawn: dict[int, Any] = {}
            list(renderer.run(request_for(some, make_walk(2, seed=7)), JobControl()))  # opens it
            events = renderer.run(request_for(some, walk), JobControl())
            spent = timed(lambda: drawn.update((f.index, f) for f in frames_of(events)))  # noqa: B023
            if turn == 0:
                continue
            entry = found.setdefault(f"{share:g}", {"frame_s": [], "frame_cpu_s": []})
            entry["frame_s"].append(spent[0] / frames)
            entry["frame_cpu_s"].append(spent[1] / frames)
            if not share:
                exact = drawn
            entry |= _likeness(exact, drawn)
    return found


def _likeness(exact: dict[int, Any], drawn: dict[int, Any]) -> dict[str, Any]:
    shared = [k for k, frame in drawn.items() if frame.notes]
    if not shared:
        return {"shared": 0}
    likeness = [peak_signal_to_noise(exact[k].image, drawn[k].image) or 99.0 for k in shared]
    sharpness = [_sharpness(drawn[k].image) / _sharpness(exact[k].image) for k in shared]
    return {
        "shared": len(shared),
        "least_db": min(likeness),
        "tenth_db": float(np.quantile(likeness, 0.1)),
        "median_db": statistics.median(likeness),
        "sharpness": statistics.median(sharpness),
    }


def _sharpness(image: Any) -> float:
    """The mean difference of neighbouring pixels."""
    values = image.astype(np.float64)
    return float(sum(np.abs(np.diff(values, axis=axis)).mean() for axis in (0, 1)))
