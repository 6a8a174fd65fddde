"""The findings as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

_NAMES = {
    "A": "A   the pipeline, one call a frame",
    "A′": "A′  the same, texts encoded once",
    "B": "B   the pipeline, batched",
    "O": "O   this engine",
}


def as_text(findings: dict[str, Any]) -> str:
    """Everything that was measured, for a person to read."""
    return "\n".join([*_head(findings), *_ratios(findings), *_rest(findings)])


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile."""
    low, middle, high = np.quantile(np.asarray(values), (0.25, 0.5, 0.75))
    return float(low), float(middle), float(high)


def pooled(findings: dict[str, Any], case: str, clock: str = "frame_s") -> list[float]:
    """Seconds a frame of a case, of all calls of all turns."""
    return [pace for turn in findings["turns"][case] for pace in turn[clock]]


def ratios(findings: dict[str, Any], case: str, clock: str = "frame_s") -> list[float]:
    """How many times faster O was than a case, turn by turn."""
    turns = findings["turns"]
    return [
        float(np.median(theirs[clock]) / np.median(ours[clock]))
        for theirs, ours in zip(turns[case], turns["O"], strict=True)
    ]


def _head(findings: dict[str, Any]) -> Iterator[str]:
    machine = findings["machine"]
    yield (
        f"{findings['workload']} on {machine['device']}, {machine['threads']} threads, "
        f"{machine['precision']}, torch {machine['torch']}"
    )
    yield (
        f"matrix products at best {machine['peak_flops'] / 1e12:.3g} TFLOP/s; a frame is "
        f"{machine['frame_flop'] / 1e12:.3g} TFLOP; {machine['busy']:.0%} busy before"
    )
    yield ""


def _ratios(findings: dict[str, Any]) -> Iterator[str]:
    machine = findings["machine"]
    yield (
        f"{'case':36} {'s a frame: median (quartiles)':30} {'O is faster':22} "
        f"{'share of peak':14} processor s a frame"
    )
    for case, name in _NAMES.items():
        low, middle, high = quartiles(pooled(findings, case))
        share = machine["frame_flop"] / middle / machine["peak_flops"]
        below, times, above = quartiles(ratios(findings, case))
        faster = f"{times:.2f}× ({below:.2f}–{above:.2f})" if case != "O" else ""
        pace = f"{middle:.4f} ({low:.4f}–{high:.4f})"
        yield f"{name:36} {pace:30} {faster:22} {share:<14.1%} {_processor(findings, case)}"
    slots = findings["turns"]["O"][0]["batch"]
    yield f"B drew {findings['best_batch']} frames at once, its best; O had {slots} slots."
    exact = np.median(pooled(findings, "O"))
    for switch, result in findings["switches"].items():
        yield f"O with {switch} (approximate): {exact / np.median(result['frame_s']):.2f}× O"
    yield ""


def _processor(findings: dict[str, Any], case: str) -> str:
    """Processor seconds a frame, which other programs' work moves less, and O's ratio by them."""
    seconds = float(np.median(pooled(findings, case, "frame_cpu_s")))
    if case == "O":
        return f"{seconds:.4f}"
    return f"{seconds:.4f} ({np.median(ratios(findings, case, 'frame_cpu_s')):.2f}×)"


def _rest(findings: dict[str, Any]) -> Iterator[str]:
    long, difference = findings["long"], findings["difference"]
    call = np.median(pooled(findings, "A"))
    yield (
        f"difference to A: latents {difference['latents']:.2g}, "
        f"pixels {difference['psnr_db']:.1f} dB"
    )
    yield (
        f"first preview {long['preview_s']:.2f} s, first frame {long['first_s']:.2f} s "
        f"({long['first_s'] / call:.2f} of one A call)"
    )
    yield (
        f"16 spread frames {long['spread_s']:.2f} s, {long['spread_share']:.1%} of the time of "
        f"{long['frames']}"
    )
    yield (
        f"overhead over the steps alone {long['overhead']:.1%}, of which decoding "
        f"{long['decoding']:.1%}"
    )
    yield (
        f"re-run from memory {long['rerun_fps']:.0f} frames/s, "
        f"from disk {long['rerun_disk_fps']:.0f}"
    )
    yield f"memory of {long['frames']} frames {long['memory_bytes'] / 2**20:.0f} MiB"
    for name, rate in findings["export"].items():
        yield (
            f"export {name}: {rate['fps']:.0f} frames/s, {rate['close_s']:.2f} s after the last one"
        )
    program = findings["program"]
    yield (
        f"from launch: first paint {program['paint_s']:.2f} s, model ready "
        f"{program['model_s']:.2f} s, first frame {program['first_s']:.2f} s"
    )
    yield (
        f"gaps of the event loop while generating: p99 {program['gap_p99_ms']:.1f} ms, "
        f"max {program['gap_max_ms']:.1f} ms"
    )
