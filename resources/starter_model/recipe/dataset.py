"""The training set: panoramas drawn once, kept as one memory-mapped array in the work folder."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from .common import parser
from .scenes import draw, random_attributes
from .vocabulary import PICTURE_SIZE, Attributes

PANORAMA = 2 * PICTURE_SIZE
PANORAMAS = 12_000


def attributes_of(seed: int) -> Attributes:
    """The attributes that belong to a scene's seed."""
    return random_attributes(np.random.default_rng((seed, 1)))


def open_panoramas(work: Path) -> NDArray[np.uint8]:
    """The pictures `[N, 128, 256, 3]`; raises FileNotFoundError before `dataset` has run."""
    return np.load(work / "panoramas.npy", mmap_mode="r")


def held_out(seeds: range) -> tuple[NDArray[np.uint8], list[Attributes]]:
    """Pictures `[N, 128, 128, 3]` as windows show them, with their attributes."""
    attributes = [attributes_of(seed) for seed in seeds]
    pictures = [draw(a, seed) for a, seed in zip(attributes, seeds, strict=True)]
    return np.stack(pictures), attributes


def _render(job: tuple[Path, int, int]) -> int:
    path, start, stop = job
    cv2.setNumThreads(1)
    pictures = np.lib.format.open_memmap(path, "r+")
    for seed in range(start, stop):
        pictures[seed] = draw(attributes_of(seed), seed, PANORAMA)
    return stop - start


def _parallel(chunks: list[tuple[Path, int, int]], workers: int) -> Iterator[int]:
    if workers == 1:
        yield from map(_render, chunks)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap_unordered(_render, chunks)


def render(work: Path, count: int, workers: int) -> None:
    """Draws `count` panoramas unless they are there already."""
    final, partial = work / "panoramas.npy", work / "panoramas.partial.npy"
    if final.exists() and open_panoramas(work).shape[0] >= count:
        return
    shape = (count, PICTURE_SIZE, PANORAMA, 3)
    np.lib.format.open_memmap(partial, "w+", np.uint8, shape).flush()
    chunks = [(partial, i, min(i + 200, count)) for i in range(0, count, 200)]
    start, done = time.monotonic(), 0
    for drawn in _parallel(chunks, workers):
        done += drawn
        print(f"dataset: {done}/{count}  {time.monotonic() - start:.0f} s", flush=True)
    partial.replace(final)


def main() -> None:
    """Command line."""
    command = parser(__doc__)
    command.add_argument("--count", type=int, default=PANORAMAS)
    command.add_argument("--workers", type=int, default=multiprocessing.cpu_count())
    options = command.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    render(options.work, options.count, options.workers)


if __name__ == "__main__":
    main()
