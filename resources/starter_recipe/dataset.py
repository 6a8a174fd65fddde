"""The training set: panoramas drawn once, kept as memory-mapped arrays in the work folder.

Every sixth panorama is the one before it with another finish: faint and perhaps blurred, or with
texture that is too strong. The scorer learns from such pairs what the words for it mean.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .common import parser
from .scenes import PANORAMA, Scene, draw, random_attributes
from .vocabulary import PICTURE_SIZE, Attributes

PANORAMAS = 12_000
#: Columns of a latent: windows start at multiples of as many pixels.
COLUMN = 8
STARTS = (PANORAMA - PICTURE_SIZE) // COLUMN
#: How many windows may cut a figure, and by how many columns at most.
CUT_SHARE, CUT_REACH = 0.08, 2
TWIN_EVERY = 6
#: How many panoramas show two animals that are not alike.
DIFFERENT_SHARE = 0.3
CHUNK = 100


def attributes_of(seed: int) -> Attributes:
    """The attributes that belong to a scene's seed."""
    return random_attributes(np.random.default_rng((seed, 1)))


def _drawn_attributes(index: int) -> Attributes:
    """As `attributes_of`, with more pairs of two kinds, since they are the hardest to learn."""
    return random_attributes(np.random.default_rng((index, 1)), DIFFERENT_SHARE)


def is_twin(index: int) -> bool:
    """Whether a panorama of the training set is the one before it with another finish."""
    return index % TWIN_EVERY == TWIN_EVERY - 1


def training_attributes(index: int) -> Attributes:
    """The attributes of a panorama of the training set."""
    if not is_twin(index):
        return _drawn_attributes(index)
    first = _drawn_attributes(index - 1)
    other = ("blurry", "noisy")[index // TWIN_EVERY % 2]
    return replace(first, finish=other if first.finish == "sharp" else "sharp")


def training_scene(index: int) -> Scene:
    """A panorama of the training set, drawn."""
    return draw(training_attributes(index), index - is_twin(index))


def open_panoramas(work: Path) -> NDArray[np.uint8]:
    """The pictures `[N, 128, 208, 3]`; raises FileNotFoundError before `dataset` has run."""
    return np.load(work / "panoramas.npy", mmap_mode="c")


def open_bounds(work: Path) -> NDArray[np.int64]:
    """First and last column of each panorama's figures, `[N, 2]`."""
    return np.load(work / "bounds.npy")


def window_columns(
    bounds: NDArray[np.int64], rng: np.random.Generator, last: int = STARTS
) -> NDArray[np.int64]:
    """The latent columns `[N]` where windows start that show figures whole, or nearly so.

    `bounds` `[N, 2]` are the first and last columns of the figures, in pixels.
    """
    low, high = -(-(bounds[:, 1] + 1 - PICTURE_SIZE) // COLUMN), bounds[:, 0] // COLUMN
    reach = CUT_REACH * (rng.uniform(size=len(bounds)) < CUT_SHARE)
    low, high = np.clip(low - reach, 0, last), np.clip(high + reach, 0, last)
    return rng.integers(np.minimum(low, high), np.maximum(low, high) + 1)


def are_whole(bounds: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """For windows that start at these latent columns, whether they show the figures whole."""
    inside: NDArray[np.bool_] = (columns * COLUMN <= bounds[:, 0]) & (
        bounds[:, 1] < columns * COLUMN + PICTURE_SIZE
    )
    return inside


def held_out(seeds: range) -> tuple[NDArray[np.uint8], list[Attributes]]:
    """Pictures `[N, 128, 128, 3]` as windows show them, with their attributes."""
    attributes = [attributes_of(seed) for seed in seeds]
    return np.stack([window(a, s)[0] for a, s in zip(attributes, seeds, strict=True)]), attributes


def window(attributes: Attributes, seed: int) -> tuple[NDArray[np.uint8], bool]:
    """A picture `[128, 128, 3]` of these attributes, and whether its figures are whole."""
    scene = draw(attributes, seed)
    bounds = np.array([(scene.left, scene.right)])
    columns = window_columns(bounds, np.random.default_rng((seed, 9)))
    start = COLUMN * int(columns[0])
    picture = scene.picture[:, start : start + PICTURE_SIZE]
    return np.ascontiguousarray(picture), bool(are_whole(bounds, columns)[0])


def _render(job: tuple[Path, int, int]) -> int:
    """Draws one chunk into a file of its own, unless it is there already."""
    folder, start, stop = job
    path = folder / f"{start:06d}.npz"
    if not path.exists():
        scenes = [training_scene(index) for index in range(start, stop)]
        pictures = np.stack([scene.picture for scene in scenes])
        bounds = np.array([(scene.left, scene.right) for scene in scenes])
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(file, pictures=pictures, bounds=bounds)
        partial.replace(path)
    return stop - start


def _parallel(chunks: list[tuple[Path, int, int]], workers: int) -> Iterator[int]:
    if workers == 1:
        yield from map(_render, chunks)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(_render, chunks)


def render(work: Path, count: int, workers: int, minutes: float = np.inf) -> None:
    """Draws `count` panoramas, or as many as the minutes allow, and gathers them in one file.

    Those that are there already are kept.
    """
    final, folder = work / "panoramas.npy", work / "chunks"
    if final.exists() and len(open_panoramas(work)) == count:
        return
    folder.mkdir(parents=True, exist_ok=True)
    chunks = [(folder, i, min(i + CHUNK, count)) for i in range(0, count, CHUNK)]
    start, done = time.monotonic(), 0
    for drawn in _parallel(chunks, workers):
        done += drawn
        print(f"dataset: {done}/{count}  {time.monotonic() - start:.0f} s", flush=True)
        if time.monotonic() - start > 60 * minutes:
            break
    gather(work, [chunk for chunk in chunks if chunk[2] <= done])


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
    command.set_defaults(minutes=np.inf)
    options = command.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    render(options.work, options.count, options.workers, options.minutes)


if __name__ == "__main__":
    main()
