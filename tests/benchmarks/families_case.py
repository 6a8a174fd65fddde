"""The engine's loop beside each family's pipeline, on tiny models with random weights.

Networks this small show the cost of the loops around them, not of the models: a ratio that is much
below that of the others says that a family is called in a bad way.
"""

from __future__ import annotations

import importlib
import pkgutil
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import torch

from tests.benchmarks.clock import timed
from tests.support import tiny_families
from tests.support.tiny_families.contract import TinyFamily

_STEPS, _FRAMES, _TURNS = 8, 8, 5


def families_table() -> str:
    """The seconds of processor time a frame of all tiny models, as a table in Markdown."""
    lines = ["| model | pipeline, s a frame | engine, s a frame | ratio |", "|---|---|---|---|"]
    for module in pkgutil.iter_modules(tiny_families.__path__):
        if module.name == "contract":
            continue
        found = importlib.import_module(f"{tiny_families.__name__}.{module.name}")
        for tiny in found.MODELS:
            theirs, ours = _measure(tiny)
            lines.append(f"| {tiny.name} | {theirs:.3f} | {ours:.3f} | {theirs / ours:.1f} |")
    return "\n".join(lines)


def _measure(tiny: TinyFamily) -> tuple[float, float]:
    """Medians of processor seconds a frame, of the pipeline and the engine, which take turns."""
    from diffusers import DiffusionPipeline

    from engine.models.load import open_model

    with tempfile.TemporaryDirectory(prefix="latent-trails-bench-") as folder:
        tiny.write(Path(folder))
        model = open_model(folder, device="cpu")
        pipe = DiffusionPipeline.from_pretrained(folder, **dict.fromkeys(tiny.absent))
    pipe.set_progress_bar_config(disable=True)
    steps = 2 if tiny.family == "sana-sprint" else _STEPS
    width, height = tiny.sizes[0]
    shape = model.latent_shape(width, height)
    texts = model.encode([tiny.prompts[0]])[0], model.encode([tiny.negative], negative=True)[0]
    latents = torch.randn(_FRAMES, *shape, generator=torch.Generator().manual_seed(0))
    arguments = {**tiny.with_texts(*texts, tiny.guidances[0]), **tiny.extra}
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(_TURNS + 1):
        calls = (
            lambda: _call_pipeline(pipe, model, tiny, latents, steps, arguments),
            lambda: _call_engine(model, tiny, latents, steps, texts),
        )
        for kept, call in zip(times, calls, strict=True):
            seconds = timed(call)[1]
            if turn:
                kept.append(seconds / _FRAMES)
    return median(times[0]), median(times[1])


def _call_pipeline(
    pipe: Any,
    model: Any,
    tiny: TinyFamily,
    latents: torch.Tensor,
    steps: int,
    arguments: dict[str, Any],
) -> None:
    width, height = tiny.sizes[0]
    for latent in latents:
        start = model.family.enter(latent[None]) if tiny.packs else latent[None]
        pipe(
            **arguments,
            latents=start.clone(),
            width=width,
            height=height,
            num_inference_steps=steps,
            output_type="np",
        )


def _call_engine(
    model: Any, tiny: TinyFamily, latents: torch.Tensor, steps: int, texts: tuple[Any, Any]
) -> None:
    from engine.render.sampling.lockstep import LockstepSampler
    from engine.render.sampling.sampler import Guidance, Sampler

    family = model.family
    shape = latents.shape[1], latents.shape[2], latents.shape[3]
    guidance = Guidance(tiny.guidances[0], above=family.guided_above, combine=family.guide)
    table = model.table(model.solver, shape, steps)
    sampler: Any = (
        LockstepSampler(model, steps, guidance, _FRAMES, shape, texts[0])
        if table is None
        else Sampler(model, table, guidance, _FRAMES, shape, texts[0])
    )
    for number, latent in enumerate(latents):
        sampler.admit(number, latent.numpy(), *texts)
    while not (done := sampler.tick()):
        pass
    model.decode(torch.stack([final for _, final in done]))
