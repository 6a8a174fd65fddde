"""The benchmark: this engine beside the ways of today, on one machine, in interleaved processes.

Every case draws the same frames from the same weights. Each runs in a process of its own, the cases
take turns, and what is reported are medians and quartiles of all turns.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.case import run_case
from tests.benchmarks.engine_case import SWITCHES
from tests.benchmarks.report import as_text
from tests.benchmarks.workloads import Workload, sd14_config, starter

#: The cases that take turns: naive, best practice, batched, this engine.
CASES = ("A", "A′", "B", "O")
WORKLOADS = ("starter", "sd14-config")


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured: frames of the walk, of the long walk, and turns of each case."""

    frames: int
    long_frames: int
    turns: int


_EXTENTS = {"starter": Extent(61, 300, 5), "sd14-config": Extent(61, 128, 3)}


def bench(name: str, quick: bool, json_file: Path | None, folder: str = "", turns: int = 0) -> int:
    """Measure a workload and print the table; returns the process's exit code.

    `quick` checks what must hold and measures no times. `folder` stands in for the starter model.
    """
    with tempfile.TemporaryDirectory(prefix="latent-trails-bench-") as work:
        workload = starter(folder) if name == "starter" else sd14_config(Path(work))
        if quick:
            from tests.benchmarks.quick import check_all

            return check_all(workload, Path(work))
        extent = _EXTENTS[name]
        if turns:
            extent = Extent(extent.frames, extent.long_frames, turns)
        findings = measure(workload, Path(work), extent, _say)
    print(as_text(findings))
    if json_file is not None:
        json_file.write_text(json.dumps(findings, indent=1), encoding="utf-8")
    return 0


def measure(
    workload: Workload, work: Path, extent: Extent, say: Callable[[str], None]
) -> dict[str, Any]:
    """All findings on a workload, as JSON has them."""

    def run(case: str, label: str = "", **options: Any) -> dict[str, Any]:
        say(label or case)
        return run_case(case, workload, work / (label or case).replace(" ", "-"), **options)

    frames = extent.frames
    compared = (0, frames // 2, frames - 1)
    findings: dict[str, Any] = {"workload": workload.name, "machine": run("machine")}
    batch = findings["best_batch"] = run("find batch")["batch"]
    turns: dict[str, list[dict[str, Any]]] = {case: [] for case in CASES}
    for turn in range(extent.turns):
        for case in CASES:
            options: dict[str, Any] = {"frames": frames}
            if turn == 0 and case in ("A", "O"):
                options["compared"] = compared
            if case == "B":
                options["batch"] = batch
            turns[case].append(run(case, f"{case} {turn + 1}", **options))
    findings["turns"] = turns
    findings["difference"] = compare(work / "A-1", work / "O-1")
    findings["switches"] = {s: run("O", s, frames=frames, switch=s) for s in SWITCHES}
    findings["long"] = run("long", frames=extent.long_frames)
    findings["export"] = run("export", frames=extent.long_frames)
    findings["program"] = run("program", frames=frames)
    return findings


def compare(theirs: Path, ours: Path) -> dict[str, float]:
    """How far the latents [N, C, h, w] and pictures of two cases are from each other."""
    a, b = (np.load(folder / "compared.npz") for folder in (theirs, ours))
    return {
        "latents": float(np.abs(a["finals"] - b["finals"]).max()),
        "psnr_db": peak_signal_to_noise(a["pictures"], b["pictures"]),
    }


def peak_signal_to_noise(a: Any, b: Any) -> float:
    """PSNR in dB of uint8 pictures; infinite where they are equal."""
    error = float(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2))
    return float("inf") if error == 0.0 else 10.0 * float(np.log10(255.0**2 / error))


def _say(case: str) -> None:
    print(f"  {case} …", file=sys.stderr, flush=True)
