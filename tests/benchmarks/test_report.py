"""What the benchmark says of findings, and which goals it holds them against."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.benchmarks.bench import peak_signal_to_noise
from tests.benchmarks.goals import DECODING, FLOAT32, GOALS, GPU, STARTER, held, ratios
from tests.benchmarks.report import as_text, quartiles

LONG = {
    "preview_s": 0.2,
    "first_s": 0.6,
    "spread_s": 4.0,
    "spread_share": 0.07,
    "spread_gap": 20,
    "total_s": 57.0,
    "frames": 300,
    "overhead": 0.12,
    "decoding": 0.1,
    "rerun_fps": 500.0,
    "rerun_disk_fps": 200.0,
}

PLANE = {
    "draft_median_ms": 130.0,
    "walk_frame_ms": 200.0,
    "atlas_cell_ms": 170.0,
    "atlas_cells": 81,
}
SHARED = {
    "0": {"frame_cpu_s": [0.2, 0.2], "shared": 0},
    "0.5": {
        **{"frame_cpu_s": [0.125, 0.125], "shared": 40, "sharpness": 1.0},
        **{"least_db": 33.0, "tenth_db": 41.0, "median_db": 50.0},
    },
}


def _findings(workload: str = "starter", kind: str = "cpu") -> dict[str, Any]:
    paces = {"A": (0.8, 0.9), "A′": (0.7, 0.7), "B": (0.4, 0.3), "O": (0.2, 0.3)}
    turns = {
        case: [{"frame_s": [pace], "frame_cpu_s": [2 * pace], "batch": 8} for pace in both]
        for case, both in paces.items()
    }
    moments = {"paint": 0.7, "model": 5.0, "first": 5.5}
    launch = {f"{name}{end}": s for name, s in moments.items() for end in ("_s", "_cpu_s")}
    return {
        "workload": workload,
        "machine": {
            "device": "a device",
            "kind": kind,
            "threads": 2,
            "precision": "float32",
            "torch": "2",
            "date": "2026-01-31",
            "busy": 0.01,
            "peak_flops": 1e11,
            "frame_flop": 1e10,
        },
        "best_batch": 8,
        "turns": turns,
        "difference": {"latents": 3e-5, "psnr_db": None},
        "switches": {"half the steps": {"frame_s": [0.125]}},
        "long": dict(LONG),
        "everything": {"overhead": 0.2},
        "memory": {"frames": 300, "side": 512, "memory_bytes": 2**29},
        "playback": {"fps": 60.0, "dropped": 0.0},
        "export": {"walk.mp4": {"fps": 300.0, "close_s": 0.1}},
        "plane": PLANE,
        "shared": SHARED,
        "program": [{**launch, "gap_p99_ms": 9.0, "gap_max_ms": 39.0}] * 3,
    }


def test_everything_measured_is_said() -> None:
    text = as_text(_findings())
    for words in (
        *("3.50× (3.25–3.75)", "0.2500 (0.2250–0.2750)", "40.0%", "pixels equal", "2.00×"),
        *("16 spread frames", "500 frames/s", "512 MiB", "5.00 s", "export walk.mp4"),
        *("130 ms", "a cell of an atlas of 81", "50%", "1.60×", "41.0"),
    ):
        assert words in text
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in lines)


def test_turns_are_compared_with_each_other() -> None:
    assert ratios(_findings(), "A") == pytest.approx([4.0, 3.0])
    assert quartiles([1.0, 2.0, 3.0, 4.0, 5.0]) == (2.0, 3.0, 4.0)


def test_goals_are_those_of_the_workload_and_the_device() -> None:
    verdict = {goal.name: goal.reached(value) for goal, value in held(_findings())}
    assert verdict["O vs A"]
    assert verdict["first paint, s"]
    assert verdict[DECODING]
    assert {goal.only for goal, _ in held(_findings())} == {"", STARTER, FLOAT32}
    on_gpu = list(held(_findings("sd14-config", "cuda")))
    assert {goal.only for goal, _ in on_gpu} == {"", GPU}
    assert not {goal.name: goal.reached(value) for goal, value in on_gpu}[DECODING]
    assert all(goal.least != goal.aim for goal in GOALS)


def test_findings_without_long_walks_have_no_goals() -> None:
    findings = _findings()
    for name in (
        *("long", "everything", "memory", "export", "playback", "program"),
        *("plane", "shared"),
    ):
        del findings[name]
    findings["parts"] = {"side": 512, "step_s": [9.0, 10.0, 11.0], "decode_s": [15.0]}
    text = as_text(findings)
    assert "at least" not in text
    assert "5.0% of 30 steps" in text


def test_equal_pictures_have_no_number_that_json_lacks() -> None:
    picture = np.full((8, 8, 3), 7, np.uint8)
    assert peak_signal_to_noise(picture, picture) is None
    assert peak_signal_to_noise(picture, picture + 1) == pytest.approx(48.13, abs=0.01)
    json.dumps(_findings(), allow_nan=False)
