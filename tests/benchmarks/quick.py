"""What must hold on every machine, however fast it is: the correctness parts of the benchmark."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine import messages as m
from engine.mailbox import JobControl
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Lane, Walk
from tests.benchmarks.case import ROOT
from tests.benchmarks.workloads import Workload, make_walk

#: Modules that nothing of the window's start may import, and what it does import.
HEAVY = ("torch", "diffusers", "transformers", "cv2", "scipy")
LIBRARIES = ("diffusers", "transformers", "torch._dynamo")
LIGHT = (
    "main",
    "engine.walk",
    "engine.messages",
    "engine.cli.options",
    "engine.documents.validation",
    "gui.app",
)
_FRAMES = 9


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found, and whether it is within its limit."""

    name: str
    found: str
    ok: bool


def check_all(workload: Workload, work: Path) -> int:
    """Print every check; returns the process's exit code."""
    found = list(checks(workload, work))
    for check in found:
        print(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.found}")
    return 0 if all(check.ok for check in found) else 1


def checks(workload: Workload, work: Path) -> Iterator[Check]:
    """Equality with the pipeline and between runs, bounded memory, light imports."""
    yield from equality(workload, work)
    yield repeatability(workload)
    yield bounded_memory(workload)
    yield light_imports()
    yield light_opening(workload)


def equality(workload: Workload, work: Path) -> Iterator[Check]:
    """O's latents and pictures against those of A, one call a frame."""
    from tests.benchmarks.bench import compare
    from tests.benchmarks.engine_case import run_engine
    from tests.benchmarks.pipelines import Silent, run_pipeline

    workload = replace(workload, device="cpu", precision="float32")
    compared = (0, _FRAMES // 2, _FRAMES - 1)
    theirs, ours = work / "A", work / "O"
    for folder in (theirs, ours):
        folder.mkdir()
    run_pipeline(Silent, workload, theirs, _FRAMES, compared=compared)
    run_engine(workload, ours, _FRAMES, compared=compared)
    difference = compare(theirs, ours)
    latents, psnr = difference["latents"] or 0.0, difference["psnr_db"]
    yield Check("latents differ from the pipeline's by", f"{latents:.2g}", latents <= 1e-4)
    agreement = "the last bit" if psnr is None else f"{psnr:.1f} dB"
    yield Check("pictures agree with the pipeline's to", agreement, psnr is None or psnr >= 60.0)


def repeatability(workload: Workload) -> Check:
    """Two runs with the same number of slots, from nothing, to the last bit."""
    first, second = (_render(workload, make_walk(5), FrameStore()) for _ in range(2))
    equal = all(np.array_equal(a.image, b.image) for a, b in zip(first, second, strict=True))
    return Check("two runs are", "bit-equal" if equal else "different", equal)


def bounded_memory(workload: Workload) -> Check:
    """A store that is too small for the walk keeps no more frames than its budget holds."""
    pixels = 3 * workload.sampling.width * workload.sampling.height
    store = FrameStore(memory_bytes=4 * pixels)
    fast = replace(workload, sampling=replace(workload.sampling, steps=2))
    drawn = _render(fast, make_walk(24), store)
    kept = sum(store.has(frame.key) for frame in drawn)
    return Check("of 24 frames a store of 4 keeps", f"{kept}", len(drawn) == 24 and 0 < kept <= 4)


def light_imports() -> Check:
    """What the first paint waits for imports nothing heavy."""
    return _imports("the window's start imports", f"import {', '.join(LIGHT)}", HEAVY)


def light_opening(workload: Workload) -> Check:
    """What the first frame waits for imports torch, and none of the libraries of models."""
    opening = f"from engine.models.load import open_model; open_model({workload.folder!r})"
    return _imports("opening the model imports", opening, LIBRARIES)


def _imports(name: str, doing: str, unwanted: tuple[str, ...]) -> Check:
    code = f"{doing}\nimport sys; print(*[m for m in {unwanted} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    loaded = done.stdout.split()
    light = done.returncode == 0 and not loaded
    return Check(name, ", ".join(loaded) or done.stderr[-300:] or "nothing heavy", light)


def _render(workload: Workload, walk: Walk, store: FrameStore) -> list[m.FrameReady]:
    """The finished frames in the order of the walk."""
    request = m.RenderRequest(
        job=1,
        model=workload.folder,
        lanes=(Lane("walk", walk),),
        sampling=workload.sampling,
        previews=False,
        batch=4,
        device="cpu",
    )
    events = Renderer(store).run(request, JobControl())
    finished = (event for event in events if isinstance(event, m.FrameReady))
    return sorted(finished, key=lambda frame: frame.index)
