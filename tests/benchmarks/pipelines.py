"""The ways of today: diffusers' pipeline, as it is usually called and as well as it can be."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from engine.models.running.devices import choose_device, choose_dtype, use_threads
from tests.benchmarks.clock import timed
from tests.benchmarks.workloads import PROMPT, Workload, make_walk

#: Sizes of batch that the best one is chosen from, as long as they gain something.
BATCHES = (4, 8, 16, 32, 64)


class Naive:
    """A: one call of the pipeline a frame, everything else as it comes; a PNG each."""

    def __init__(self, workload: Workload, out: Path) -> None:
        self._workload, self._out = workload, out
        self.device = choose_device(workload.device)
        self._dtype = choose_dtype(self.device, workload.precision)
        use_threads()
        self._pipe = StableDiffusionPipeline.from_pretrained(workload.folder)
        self._pipe.to(self.device, self._dtype)
        self._prepare(self._pipe)

    def _prepare(self, pipe: Any) -> None:
        """What is done once before the first frame."""

    def draw(self, latents: Any) -> None:
        """Draw these initial latents [C, h, w] and write their pictures."""
        for number, latent in enumerate(latents):
            options = {"prompt": PROMPT, "negative_prompt": ""}
            picture = self._call(options, latent[None], "pil")[0]
            picture.save(self._out / f"{number:05d}.png")

    def finals(self, latents: Any) -> tuple[Any, Any]:
        """What the pipeline makes of latents [N, C, h, w]: z_0 and pictures uint8 [N, H, W, 3]."""
        options = {"prompt": PROMPT, "negative_prompt": ""}
        made = [self._call(options, z[None], "latent").float().cpu().numpy() for z in latents]
        shown = [np.asarray(self._call(options, z[None], "pil")[0]) for z in latents]
        return np.concatenate(made), np.stack(shown)

    def _call(self, options: dict[str, Any], latents: Any, output: str) -> Any:
        sampling = self._workload.sampling
        return self._pipe(
            latents=torch.from_numpy(latents).to(self.device, self._dtype),
            num_inference_steps=sampling.steps,
            guidance_scale=sampling.guidance,
            width=sampling.width,
            height=sampling.height,
            output_type=output,
            **options,
        ).images


class Silent(Naive):
    """A without its progress bars."""

    def _prepare(self, pipe: Any) -> None:
        pipe.set_progress_bar_config(disable=True)


class Careful(Naive):
    """A′: texts encoded once, no progress bar, inference mode, arrays instead of PIL pictures."""

    def _prepare(self, pipe: Any) -> None:
        pipe.set_progress_bar_config(disable=True)
        with torch.inference_mode():
            positive, negative = pipe.encode_prompt(
                PROMPT, self.device, 1, True, negative_prompt=""
            )
        self._texts = {"prompt_embeds": positive, "negative_prompt_embeds": negative}

    @torch.inference_mode()
    def draw(self, latents: Any) -> None:
        for number, latent in enumerate(latents):
            self._write(number, self._call(self._texts, latent[None], "np"))

    def _write(self, first: int, pictures: Any) -> None:
        for number, picture in enumerate((pictures * 255).round().astype(np.uint8), first):
            Image.fromarray(picture).save(self._out / f"{number:05d}.png")


class Batched(Careful):
    """B: the same, with a batch of latents in each call."""

    batch = 8

    @torch.inference_mode()
    def draw(self, latents: Any) -> None:
        for first in range(0, len(latents), self.batch):
            some = np.stack(latents[first : first + self.batch])
            texts = {
                name: text.expand(len(some), *text.shape[1:]) for name, text in self._texts.items()
            }
            self._write(first, self._call(texts, some, "np"))

    def best_batch(self, latents: Any) -> int:
        """The size that draws a frame in the shortest time; larger ones that fail do not count."""
        paces: dict[int, float] = {}
        for size in BATCHES:
            if len(paces) > 1 and min(paces, key=lambda s: paces[s] / s) != max(paces):
                break
            self.batch, some = size, latents[:size]
            try:
                self.draw(some)
                paces[size] = min(timed(lambda: self.draw(some))[0] for _ in range(2))  # noqa: B023
            except torch.OutOfMemoryError:
                break
        return min(paces, key=lambda size: paces[size] / size)


def run_pipeline(
    kind: type[Naive],
    workload: Workload,
    out: Path,
    frames: int,
    batch: int = 0,
    compared: Sequence[int] = (),
    calls: int = 5,
    warm_ups: int = 3,
) -> dict[str, Any]:
    """Seconds a frame of one of the cases above, and what it made of the compared frames."""
    began = time.perf_counter()
    pipeline = kind(workload, out)
    if isinstance(pipeline, Batched) and batch:
        pipeline.batch = batch
    loaded = time.perf_counter() - began
    latents = workload.latents(make_walk(frames))
    result: dict[str, Any] = {"load_s": loaded}
    whole = pipeline.batch if isinstance(pipeline, Batched) else 1
    pipeline.draw(latents[: max(warm_ups, whole)])
    paces = _paces(pipeline, latents, calls)
    result["frame_s"], result["frame_cpu_s"] = zip(*paces, strict=True)
    if compared:
        finals, pictures = pipeline.finals(latents[list(compared)])
        np.savez(out / "compared.npz", finals=finals, pictures=pictures)
    return result


def find_batch(workload: Workload, out: Path) -> dict[str, Any]:
    """The best size of batch for B."""
    pipeline = Batched(workload, out)
    return {"batch": pipeline.best_batch(workload.latents(make_walk(64, seed=7)))}


def _paces(pipeline: Naive, latents: Any, calls: int) -> Iterator[tuple[float, float]]:
    """Seconds a frame, and processor seconds a frame, of calls spread over the walk."""
    size = pipeline.batch if isinstance(pipeline, Batched) else 1
    for first in np.linspace(0, len(latents) - size, calls).astype(int):
        some = latents[first : first + size]
        wall, processor = timed(lambda: pipeline.draw(some))  # noqa: B023
        yield wall / len(some), processor / len(some)
