"""The training set: panoramas drawn once, kept as memory-mapped arrays in the work folder."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .common import parser
from .scenes import PANORAMA, draw, random_attributes
from .vocabulary import PICTURE_SIZE, Attributes

PANORAMAS = 12_000
#: Columns of a latent: windows start at multiples of as many pixels.
COLUMN = 8
STARTS = (PANORAMA - PICTURE_SIZE) // COLUMN
#: How many windows may cut a figure, and by how many columns at most.
CUT_SHARE, CUT_REACH = 0.14, 2
_CHUNK = 100


def attributes_of(seed: int) -> Attributes:
    """The attributes that belong to a scene's seed."""
    return random_attributes(np.random.default_rng((seed, 1)))


def open_panoramas(work: Path) -> NDArray[np.uint8]:
    """The pictures `[N, 128, 208, 3]`; raises FileNotFoundError before `dataset` has run."""
    return np.load(work / "panoramas.npy", mmap_mode="r")


def open_bounds(work: Path) -> NDArray[np.int64]:
    """First and last column of each panorama's figures, `[N, 2]`."""
    return np.load(work / "bounds.npy")


def window_column(left: int, right: int, rng: np.random.Generator, last: int = STARTS) -> int:
    """The latent column where a window starts that shows the figures whole, or nearly so."""
    low, high = -(-(right + 1 - PICTURE_SIZE) // COLUMN), left // COLUMN
    if rng.uniform() < CUT_SHARE:
        low, high = low - CUT_REACH, high + CUT_REACH
    low, high = max(0, min(low, last)), max(0, min(high, last))
    return int(rng.integers(min(low, high), max(low, high) + 1))


def is_whole(left: int, right: int, column: int) -> bool:
    """Whether a window that starts at a latent column shows the figures whole."""
    return COLUMN * column <= left and right < COLUMN * column + PICTURE_SIZE


def held_out(seeds: range) -> tuple[NDArray[np.uint8], list[Attributes]]:
    """Pictures `[N, 128, 128, 3]` as windows show them, with their attributes."""
    attributes = [attributes_of(seed) for seed in seeds]
    return np.stack([window(a, s)[0] for a, s in zip(attributes, seeds, strict=True)]), attributes


def window(attributes: Attributes, seed: int) -> tuple[NDArray[np.uint8], bool]:
    """A picture `[128, 128, 3]` of these attributes, and whether its figures are whole."""
    scene = draw(attributes, seed)
    column = window_column(scene.left, scene.right, np.random.default_rng((seed, 9)))
    picture = scene.picture[:, COLUMN * column : COLUMN * column + PICTURE_SIZE]
    return np.ascontiguousarray(picture), is_whole(scene.left, scene.right, column)


def _render(job: tuple[Path, int, int]) -> int:
    """Draws one chunk into a file of its own, unless it is there already."""
    folder, start, stop = job
    path = folder / f"{start:06d}.npz"
    if not path.exists():
        scenes = [draw(attributes_of(seed), seed) for seed in range(start, stop)]
        pictures = np.stack([scene.picture for scene in scenes])
        bounds = np.array([(scene.left, scene.right) for scene in scenes])
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, pictures=pictures, bounds=bounds)
        partial.replace(path)
    return stop - start


def _parallel(chunks: list[tuple[Path, int, int]], workers: int) -> Iterator[int]:
    if workers == 1:
        yield from map(_render, chunks)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap_unordered(_render, chunks)


def render(work: Path, count: int, workers: int) -> None:
    """Draws `count` panoramas unless they are there already, and gathers them in one file."""
    final, folder = work / "panoramas.npy", work / "chunks"
    if final.exists() and len(open_panoramas(work)) == count:
        return
    folder.mkdir(parents=True, exist_ok=True)
    chunks = [(folder, i, min(i + _CHUNK, count)) for i in range(0, count, _CHUNK)]
    start, done = time.monotonic(), 0
    for drawn in _parallel(chunks, workers):
        done += drawn
        print(f"dataset: {done}/{count}  {time.monotonic() - start:.0f} s", flush=True)
    gather(work, chunks)


def gather(work: Path, chunks: list[tuple[Path, int, int]]) -> None:
    """Puts drawn chunks into one array of pictures and one of bounds."""
    partial = work / "panoramas.partial.npy"
    shape = (chunks[-1][2], PICTURE_SIZE, PANORAMA, 3)
    pictures, bounds = np.lib.format.open_memmap(partial, "w+", np.uint8, shape), []
    for folder, start, stop in chunks:
        drawn = np.load(folder / f"{start:06d}.npz")
        pictures[start:stop] = drawn["pictures"]
        bounds.append(drawn["bounds"])
    pictures.flush()
    np.save(work / "bounds.npy", np.concatenate(bounds))
    partial.replace(work / "panoramas.npy")


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
