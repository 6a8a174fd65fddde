"""The findings as tables, in Markdown: for a person to read, and for RESULTS.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from tests.benchmarks.goals import Findings, held, peak_share, pooled, ratios, shared_speed

#: Those of a whole frame, as the article draws it.
_STEPS = 30
_NAMES = {
    "A": "A: the pipeline, one call a frame",
    "A′": "A′: the same, texts encoded once",
    "B": "B: the pipeline, batched",
    "O": "O: this engine",
}


def as_text(findings: Findings) -> str:
    """Everything that was measured."""
    parts = [_head(findings), _cases(findings), _switches(findings), _equality(findings)]
    if "long" in findings:
        parts += [_times(findings), _shared(findings), _goals(findings)]
    if "parts" in findings:
        parts.append(_parts(findings))
    return "\n\n".join("\n".join(part) for part in parts)


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile."""
    low, middle, high = np.quantile(np.asarray(values), (0.25, 0.5, 0.75))
    return float(low), float(middle), float(high)


def _head(findings: Findings) -> Iterator[str]:
    machine = findings["machine"]
    yield (
        f"{findings['workload']} on {machine['device']}, {machine['threads']} threads, "
        f"{machine['precision']}, torch {machine['torch']}, {machine['date']}; "
        f"{machine['busy']:.0%} busy before. Matrix products at best "
        f"{machine['peak_flops'] / 1e12:.3g} TFLOP/s; a frame is "
        f"{machine['frame_flop'] / 1e12:.3g} TFLOP."
    )


def _cases(findings: Findings) -> Iterator[str]:
    yield from _rows(
        ("case", "s a frame (quartiles)", "O is faster (quartiles)", "share of peak"),
        ([name, *_pace(findings, case)] for case, name in _NAMES.items()),
    )
    slots = findings["turns"]["O"][0]["batch"]
    yield ""
    yield (
        f"B drew {findings['best_batch']} frames at once, O had {slots} slots. By processor "
        "seconds, which others' work moves less, O is faster than "
        + ", ".join(
            f"{case} {np.median(ratios(findings, case, 'frame_cpu_s')):.2f}×"
            for case in ("A", "A′", "B")
        )
        + "."
    )


def _pace(findings: Findings, case: str) -> tuple[str, str, str]:
    low, middle, high = quartiles(pooled(findings, case))
    below, times, above = quartiles(ratios(findings, case))
    faster = "" if case == "O" else f"{times:.2f}× ({below:.2f}–{above:.2f})"
    return f"{middle:.4f} ({low:.4f}–{high:.4f})", faster, f"{peak_share(findings, case):.1%}"


def _switches(findings: Findings) -> Iterator[str]:
    exact = np.median(pooled(findings, "O"))
    yield from _rows(
        ("approximate switch, alone", "faster than O"),
        (
            [switch, f"{exact / np.median(result['frame_s']):.2f}×"]
            for switch, result in findings["switches"].items()
        ),
    )


def _equality(findings: Findings) -> Iterator[str]:
    difference = findings["difference"]
    psnr = difference["psnr_db"]
    pixels = "equal" if psnr is None else f"{psnr:.1f} dB"
    yield f"Difference of O to A: latents {difference['latents']:.2g}, pixels {pixels}."


def _parts(findings: Findings) -> Iterator[str]:
    """What decoding adds to a whole frame, which would take too long to be drawn here."""
    parts = findings["parts"]
    step, decode = (float(np.median(parts[name])) for name in ("step_s", "decode_s"))
    yield (
        f"At {parts['side']}², a guided step of one frame takes {step:.2f} s and its decoding "
        f"{decode:.2f} s: {decode / (_STEPS * step):.1%} of {_STEPS} steps."
    )


def _times(findings: Findings) -> Iterator[str]:
    long, memory = findings["long"], findings["memory"]
    rows = [
        ["first preview", f"{long['preview_s']:.2f} s"],
        ["first frame", f"{long['first_s']:.2f} s"],
        [
            "16 spread frames",
            f"{long['spread_s']:.2f} s, {long['spread_gap']} frames apart at most",
        ],
        [f"all {long['frames']} frames", f"{long['total_s']:.1f} s"],
        ["decoding, beside the steps", f"{long['decoding']:.1%}"],
        ["re-run from memory", f"{long['rerun_fps']:.0f} frames/s"],
        ["re-run from disk", f"{long['rerun_disk_fps']:.0f} frames/s"],
        [
            f"memory of {memory['frames']} frames at {memory['side']}²",
            f"{memory['memory_bytes'] / 2**20:.0f} MiB",
        ],
    ]
    rows += [
        [f"export {name}", f"{rate['fps']:.0f} frames/s, done {rate['close_s']:.2f} s after"]
        for name, rate in findings["export"].items()
    ]
    playback = findings["playback"]
    rows.append(["playback of 512² at twice the size", f"{playback['fps']:.1f} frames/s"])
    plane = findings["plane"]
    rows += [
        ["draft of a dragged point, while an atlas fills", f"{plane['draft_median_ms']:.0f} ms"],
        ["a frame of a walk", f"{plane['walk_frame_ms']:.0f} ms"],
        [f"a cell of an atlas of {plane['atlas_cells']}", f"{plane['atlas_cell_ms']:.0f} ms"],
    ]
    rows += [list(_launched(findings["program"], *names)) for names in _MOMENTS]
    yield from _rows(("what", "measured"), rows)


def _shared(findings: Findings) -> Iterator[str]:
    """Frames that share steps: speed against likeness to the exact frames."""
    rows = [
        [
            f"{float(share):.0%}",
            f"{shared_speed(findings, share):.2f}×",
            f"{found['shared']}",
            *(f"{found[name]:.1f}" for name in ("least_db", "tenth_db", "median_db")),
            f"{found['sharpness']:.3f}",
        ]
        for share, found in findings["shared"].items()
        if found["shared"]
    ]
    head = ("shared steps", "faster than O", "frames", "least dB", "lowest tenth", "median")
    yield from _rows((*head, "sharpness"), rows)


_MOMENTS = (("first paint", "paint"), ("model ready", "model"), ("first frame shown", "first"))


def _launched(turns: Sequence[Any], name: str, key: str) -> tuple[str, str]:
    """The moment of a launch, and the processor's seconds until then."""
    wall, processor = (
        np.median([turn[f"{key}{end}"] for turn in turns]) for end in ("_s", "_cpu_s")
    )
    return f"{name}, from launch", f"{wall:.2f} s ({processor:.2f} s of processor time)"


def _goals(findings: Findings) -> Iterator[str]:
    yield from _rows(
        ("goal", "at least", "aim", "measured", ""),
        (
            [
                goal.name,
                *(goal.form.format(number) for number in (goal.least, goal.aim, value)),
                "reached" if goal.reached(value) else "missed",
            ]
            for goal, value in held(findings)
        ),
    )


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table in Markdown, its columns aligned."""
    table = [list(head), *map(list, rows)]
    widths = [max(len(row[k]) for row in table) for k in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |"
        for row in table
    ]
    yield lines[0]
    yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    yield from lines[1:]
