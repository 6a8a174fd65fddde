"""The goals that the findings are held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Findings = Mapping[str, Any]
_GIBIBYTE = 2**30


@dataclass(frozen=True, slots=True)
class Goal:
    """Something to reach: what it is called, the least that must be, the aim, and where it is.

    Smaller values are better where the aim is below the least. `only` ends the names of the
    workloads and devices that the goal is for; "" ends every one.
    """

    name: str
    least: float
    aim: float
    value: Callable[[Findings], float]
    form: str = "{:.2f}"
    only: str = ""

    def reached(self, value: float) -> bool:
        return value >= self.least if self.aim > self.least else value <= self.least


def ratios(findings: Findings, case: str, clock: str = "frame_s") -> list[float]:
    """How many times faster O was than a case, turn by turn."""
    turns = findings["turns"]
    return [
        float(np.median(theirs[clock]) / np.median(ours[clock]))
        for theirs, ours in zip(turns[case], turns["O"], strict=True)
    ]


def pooled(findings: Findings, case: str, clock: str = "frame_s") -> list[float]:
    """Seconds a frame of a case, of all calls of all turns."""
    return [pace for turn in findings["turns"][case] for pace in turn[clock]]


def peak_share(findings: Findings, case: str) -> float:
    """The share of the machine's best matrix products that a case reached."""
    machine = findings["machine"]
    pace = float(np.median(pooled(findings, case)))
    return float(machine["frame_flop"] / pace / machine["peak_flops"])


def first_to_call(findings: Findings) -> float:
    """The first frame's time as a share of one A call."""
    return float(findings["long"]["first_s"] / np.median(pooled(findings, "A")))


def _ratio(case: str) -> Callable[[Findings], float]:
    return lambda f: float(np.median(ratios(f, case)))


def _launch(name: str) -> Callable[[Findings], float]:
    return lambda f: float(np.median([turn[name] for turn in f["program"]]))


def _likeness(f: Findings) -> float:
    decibels = f["difference"]["psnr_db"]
    return float("inf") if decibels is None else float(decibels)


def _export(f: Findings) -> float:
    """The slowest format at the pictures' own size."""
    return float(min(rate["fps"] for name, rate in f["export"].items() if "×" not in name))


def _closing(f: Findings) -> float:
    return float(max(rate["close_s"] for name, rate in f["export"].items() if "×" not in name))


def _atlas(f: Findings) -> float:
    return float(f["plane"]["atlas_cell_ms"] / f["plane"]["walk_frame_ms"])


def shared_speed(f: Findings, share: str) -> float:
    """How many times faster frames that share so many steps are, by processor seconds."""
    exact, shared = (f["shared"][name]["frame_cpu_s"] for name in ("0", share))
    return float(np.median([a / b for a, b in zip(exact, shared, strict=True)]))


def _shared_speed(f: Findings) -> float:
    """The best speed of those of at least 35 dB in nine of ten frames."""
    good = [share for share, found in f["shared"].items() if found.get("tenth_db", 0.0) >= 35.0]
    return max((shared_speed(f, share) for share in good), default=1.0)


STARTER, GPU = "starter on cpu", "sd14-config on cuda"
DECODING = "all beside the steps, without files"


def _beside(
    only: str, decoding: tuple[float, float], everything: tuple[float, float]
) -> tuple[Goal, Goal]:
    """The goals for what comes beside the steps. A small network leaves more of it."""
    return (
        Goal(DECODING, *decoding, lambda f: f["long"]["overhead"], "{:.1%}", only),
        Goal(
            "with files, video and scores too",
            *everything,
            lambda f: f["everything"]["overhead"],
            "{:.1%}",
            only,
        ),
    )


#: The pipeline keeps latents in half precision on a GPU, where this engine keeps them whole.
FLOAT32 = " on cpu"
GOALS = (
    Goal("O vs A", 2.0, 3.5, _ratio("A"), "{:.2f}×", STARTER),
    Goal("O vs B", 1.15, 1.6, _ratio("B"), "{:.2f}×", STARTER),
    Goal("O vs A", 3.0, 4.5, _ratio("A"), "{:.2f}×", GPU),
    Goal("O vs B", 1.4, 2.0, _ratio("B"), "{:.2f}×", GPU),
    Goal("share of matmul peak", 0.28, 0.40, lambda f: peak_share(f, "O"), "{:.1%}", GPU),
    Goal("first frame / one A call", 1.0, 0.6, first_to_call, "{:.2f}×"),
    Goal(
        "16 spread frames / time of 300", 0.08, 0.06, lambda f: f["long"]["spread_share"], "{:.1%}"
    ),
    *_beside(STARTER, (0.20, 0.12), (0.25, 0.15)),
    *_beside(GPU, (0.05, 0.02), (0.05, 0.02)),
    Goal("cached re-run, frames/s", 100, 300, lambda f: f["long"]["rerun_fps"], "{:.0f}"),
    Goal(
        "latents' difference to A",
        *(1e-4, 0.0),
        lambda f: f["difference"]["latents"],
        "{:.1e}",
        FLOAT32,
    ),
    Goal("pixels' likeness to A, dB", 60, float("inf"), _likeness, "{:.1f}", FLOAT32),
    Goal(
        "playback of 512² at twice the size, frames/s",
        *(59.4, 60.0),
        lambda f: f["playback"]["fps"],
        "{:.1f}",
    ),
    Goal("frames dropped in playback", 0.01, 0.0, lambda f: f["playback"]["dropped"], "{:.1%}"),
    Goal("event-loop gap p99, ms", 12, 8, _launch("gap_p99_ms"), "{:.1f}"),
    Goal("event-loop gap max, ms", 50, 16, _launch("gap_max_ms"), "{:.1f}"),
    Goal("first paint, s", 1.0, 0.6, _launch("paint_s"), "{:.2f}", STARTER),
    Goal("model ready, s", 6.0, 4.0, _launch("model_s"), "{:.2f}", STARTER),
    Goal("first frame shown, s", 10.0, 5.0, _launch("first_s"), "{:.2f}", STARTER),
    Goal("slowest export, frames/s", 100, 300, _export, "{:.0f}"),
    Goal(
        "draft of a dragged point, ms", 250, 120, lambda f: f["plane"]["draft_median_ms"], "{:.0f}"
    ),
    Goal("a cell of the atlas / a frame of a walk", 1.0, 0.8, _atlas, "{:.2f}×"),
    Goal("frames that share steps, speed", 1.5, 2.5, _shared_speed, "{:.2f}×", STARTER),
    Goal("export done after the last frame, s", 1.0, 0.5, _closing, "{:.2f}"),
    Goal(
        "memory of 300 frames at 512², GiB",
        *(1.2, 0.6),
        lambda f: f["memory"]["memory_bytes"] / _GIBIBYTE,
    ),
)


def held(findings: Findings) -> Iterator[tuple[Goal, float]]:
    """The goals for this workload and device, with what was measured."""
    kind = f"{findings['workload']} on {findings['machine']['kind']}"
    for goal in GOALS:
        if kind.endswith(goal.only):
            yield goal, goal.value(findings)
