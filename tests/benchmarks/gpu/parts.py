"""The parts of a run, the most important one first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from tests.benchmarks.gpu import cases, equality, starter_case, ticks
from tests.benchmarks.gpu.notes import Notes
from tests.benchmarks.gpu.random_models import RandomModel, make_random


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a part runs. A `small` one tests the script itself on a CPU."""

    device: torch.device
    work: Path
    small: bool = False

    @property
    def half(self) -> torch.dtype:
        """The precision of timings: half on a GPU."""
        return torch.float16 if self.device.type == "cuda" else torch.float32

    def model(self, kind: str, dtype: torch.dtype | None = None) -> RandomModel:
        """A model with random weights."""
        return make_random(kind, self.device, dtype or self.half, self.work, self.small)


def machine(notes: Notes, here: Setting) -> None:
    """The device, and its best matrix products."""
    import diffusers
    import transformers

    from tests.benchmarks.machine import matmul_peak

    cuda = here.device.type == "cuda"
    notes.put("device", torch.cuda.get_device_name() if cuda else "CPU")
    notes.put("torch", torch.__version__)
    notes.put("diffusers", diffusers.__version__)
    notes.put("transformers", transformers.__version__)
    for dtype in (here.half, torch.float32):
        peak = matmul_peak(here.device, dtype) / 1e12
        notes.put(f"matrix products in {dtype}, TFLOP/s", peak)


def sd14_cases(notes: Notes, here: Setting) -> None:
    """A, A′, B and O with SD 1.4's configuration."""
    frames, slots, batches = (6, 2, (2,)) if here.small else (48, 16, (16,))
    _cases(notes, here, "SD 1.x", (4, batches), (frames, slots))


def sdxl_cases(notes: Notes, here: Setting) -> None:
    """A, A′, B and O with SDXL's configuration at 1024²."""
    frames, slots, batches = (4, 2, (2,)) if here.small else (8, 4, (4,))
    _cases(notes, here, "SDXL", (2, batches), (frames, slots))


def _cases(
    notes: Notes,
    here: Setting,
    kind: str,
    theirs: tuple[int, tuple[int, ...]],
    mine: tuple[int, int],
) -> None:
    model = here.model(kind)
    notes.put("made", model.kind)
    found, ours = dict[str, float](), model.engine_model()
    with notes.attempt("O"):
        found["O"] = cases.time_engine(notes, ours, model.sampling, *mine)
    found |= cases.time_pipelines(notes, model, *theirs)
    pace = found.get("O", float("nan"))
    notes.put("O is faster than", {case: s / pace for case, s in found.items() if case != "O"})
    with notes.attempt("operations"):
        work = ticks.frame_work(notes, model)
        notes.put("TFLOP/s", {case: work / s / 1e12 for case, s in found.items()})
    if not here.small and kind == "SD 1.x":
        with notes.attempt("O of 32"):
            cases.time_engine(notes, ours, model.sampling, 64, 32)


def sd14_equality(notes: Notes, here: Setting) -> None:
    """SD 1.4's configuration in float32 without TF32 against diffusers."""
    _equality(notes, here, "SD 1.x")


def sdxl_equality(notes: Notes, here: Setting) -> None:
    """SDXL's configuration in float32 without TF32 against diffusers."""
    _equality(notes, here, "SDXL")


def _equality(notes: Notes, here: Setting, kind: str) -> None:
    equality.without_tf32()
    model = here.model(kind, torch.float32)
    model = replace(model, sampling=replace(model.sampling, steps=4 if here.small else 8))
    ours = model.engine_model()
    if kind == "SD 1.x":
        equality.compare_networks(notes, model, ours)
    equality.compare_frames(notes, model, ours, frames=3 if kind == "SD 1.x" else 2)


def starter(notes: Notes, here: Setting) -> None:
    """The starter model: frames, slots, memory and cancelling."""
    starter_case.run(notes, here.device, here.work, here.small)


def sd14_steps(notes: Notes, here: Setting) -> None:
    """Steps and decodes of SD 1.4's configuration in different ways."""
    model = here.model("SD 1.x")
    parts, sizes = model.engine_parts(), (2, 4) if here.small else (2, 8, 32)
    ours = model.engine_model(parts)
    largest = sizes[-1]
    ways: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("steps", lambda: ticks.time_steps(notes, model, ours, sizes)),
        ("graphs", lambda: ticks.time_graphs(notes, model, ours, parts["unet"], sizes)),
        ("profile", lambda: ticks.profile_step(notes, model, ours, largest)),
        ("decodes", lambda: ticks.time_decodes(notes, model, ours, parts["vae"], largest)),
        ("measured convolutions", lambda: ticks.time_tuned(notes, model, ours, sizes)),
    )
    for name, way in ways:
        with notes.attempt(name):
            way()


def sdxl_steps(notes: Notes, here: Setting) -> None:
    """Steps of SDXL's configuration in different ways."""
    model = here.model("SDXL")
    ours, sizes = model.engine_model(), (2,) if here.small else (2, 8)
    ticks.time_steps(notes, model, ours, sizes)


def compiled(notes: Notes, here: Setting) -> None:
    """A step of SD 1.4's configuration through torch.compile."""
    model = here.model("SD 1.x")
    parts, rows = model.engine_parts(), 2 if here.small else 32
    ticks.time_compiled(notes, model, model.engine_model(parts), parts["unet"], rows)


#: Each part with the seconds that it may take.
PARTS: dict[str, tuple[Callable[[Notes, Setting], None], float]] = {
    "machine": (machine, 15.0),
    "sd14 cases": (sd14_cases, 55.0),
    "sd14 equality": (sd14_equality, 30.0),
    "starter": (starter, 35.0),
    "sd14 steps": (sd14_steps, 35.0),
    "sdxl cases": (sdxl_cases, 50.0),
    "sdxl equality": (sdxl_equality, 30.0),
    "sdxl steps": (sdxl_steps, 20.0),
    "compiled": (compiled, 90.0),
}
