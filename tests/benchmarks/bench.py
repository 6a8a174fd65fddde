"""The benchmark: this engine beside the ways of today, on one machine, in interleaved processes.

Every case draws the same frames from the same weights. Each runs in a process of its own, the cases
take turns, and what is reported are medians and quartiles of all turns.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.atomic import Existing, check_writable, write_bytes
from tests.benchmarks.case import run_case
from tests.benchmarks.engine_case import SWITCHES
from tests.benchmarks.report import as_text
from tests.benchmarks.workloads import Workload, sd14_config, shortened, starter

#: The cases that take turns: naive, best practice, batched, this engine.
CASES = ("A", "A′", "B", "O")
_LAUNCHES = 3
_PLAYED_S = 10.0
_DRAGS = 10


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured: turns of each case, frames of the walk, calls of the pipeline in a turn
    and before it, and frames of the long walk. Without long walks only the cases take turns, and
    the parts of a frame of `side`² pixels are measured.

    `batch` is that of B; 0 finds the best one.
    """

    turns: int
    frames: int
    calls: int
    warm_ups: int
    long_frames: int
    batch: int = 0
    side: int = 512


STARTER = Extent(turns=5, frames=61, calls=5, warm_ups=3, long_frames=300)
SD14_ON_GPU = Extent(turns=5, frames=61, calls=5, warm_ups=3, long_frames=300)
#: A frame takes a quarter of a minute there, with the few steps that it is given.
SD14_ON_CPU = Extent(turns=3, frames=3, calls=2, warm_ups=1, long_frames=0, batch=2)


def bench(name: str, quick: bool, json_file: Path | None, folder: str = "", turns: int = 0) -> int:
    """Measure a workload and print the table; returns the process's exit code.

    `quick` checks what must hold and measures no times. `folder` stands in for the starter model.
    Raises InputError for a file that cannot be written.
    """
    if json_file is not None:
        check_writable(json_file)
    if name == "families":
        from tests.benchmarks.families_case import families_table

        print(families_table())
        return 0
    if name == "operations":
        from tests.benchmarks.operations_case import operations_table

        print(operations_table(starter(folder)))
        return 0
    with tempfile.TemporaryDirectory(prefix="latent-trails-bench-") as work:
        workload = starter(folder) if name == "starter" else sd14_config(Path(work))
        if quick:
            from tests.benchmarks.quick import check_all

            return check_all(workload, Path(work))
        workload, extent = _extent(workload)
        findings = measure(workload, Path(work), replace(extent, turns=turns or extent.turns), _say)
    print(as_text(findings))
    if json_file is not None:
        text = json.dumps(findings, indent=1, allow_nan=False)
        write_bytes(json_file, text.encode(), Existing.REPLACE)
    return 0


def _extent(workload: Workload) -> tuple[Workload, Extent]:
    """How much of a workload this machine can measure, and the workload made to fit it."""
    if workload.name == "starter":
        return workload, STARTER
    from engine.models.running.devices import choose_device

    if choose_device(workload.device).type != "cpu":
        return workload, SD14_ON_GPU
    return shortened(workload, steps=2, side=256), SD14_ON_CPU


def measure(
    workload: Workload, work: Path, extent: Extent, say: Callable[[str], None]
) -> dict[str, Any]:
    """All findings on a workload, as JSON has them."""

    def run(case: str, label: str = "", **options: Any) -> dict[str, Any]:
        say(label or case)
        return run_case(case, workload, work / (label or case).replace(" ", "-"), **options)

    frames, warm_ups = extent.frames, extent.warm_ups
    findings: dict[str, Any] = {"workload": workload.name, "machine": run("machine")}
    findings["best_batch"] = extent.batch or run("find batch")["batch"]
    turns: dict[str, list[dict[str, Any]]] = {case: [] for case in CASES}
    for turn in range(extent.turns):
        for case in CASES:
            options: dict[str, Any] = {"frames": frames, "warm_ups": warm_ups}
            if case != "O":
                options["calls"] = extent.calls
            if case == "B":
                options["batch"] = findings["best_batch"]
            if turn == 0 and case in ("A", "O"):
                options["compared"] = (0, frames // 2, frames - 1)
            turns[case].append(run(case, f"{case} {turn + 1}", **options))
    findings["turns"] = turns
    findings["difference"] = compare(work / "A-1", work / "O-1")
    findings["switches"] = {
        switch: run("O", switch, frames=frames, warm_ups=warm_ups, switch=switch)
        for switch in SWITCHES
    }
    if extent.long_frames:
        findings |= _at_length(run, frames, extent.long_frames)
    else:
        findings["parts"] = run("parts", side=extent.side)
    return findings


def _at_length(run: Callable[..., dict[str, Any]], frames: int, long: int) -> dict[str, Any]:
    """The findings that take long walks, files, or the whole program."""

    # The first launch leaves compiled bytecode behind, as every installation has it.
    def launch(label: str, watched_s: float) -> dict[str, Any]:
        return run("program", label, frames=frames, watched_s=watched_s, launched=time.time())

    launch("program, first launch", 0.1)
    launches = [launch(f"program {k + 1}", 8.0) for k in range(_LAUNCHES)]
    return {
        "long": run("long", frames=long),
        "everything": run("everything", frames=frames),
        "memory": run("memory", frames=long),
        "export": run("export", frames=long),
        "playback": run("playback", seconds=_PLAYED_S),
        "shared": run("shared", frames=frames),
        "plane": run("plane", drags=_DRAGS),
        "program": launches,
    }


def compare(theirs: Path, ours: Path) -> dict[str, float | None]:
    """How far the latents [N, C, h, w] and pictures of two cases are from each other."""
    a, b = (np.load(folder / "compared.npz") for folder in (theirs, ours))
    return {
        "latents": float(np.abs(a["finals"] - b["finals"]).max()),
        "psnr_db": peak_signal_to_noise(a["pictures"], b["pictures"]),
    }


def peak_signal_to_noise(a: Any, b: Any) -> float | None:
    """PSNR in dB of uint8 pictures; None where they are equal, for which there is no number."""
    error = float(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2))
    return None if error == 0.0 else 10.0 * float(np.log10(255.0**2 / error))


def _say(case: str) -> None:
    print(f"  {case} …", file=sys.stderr, flush=True)
