"""A picture a file, numbered: one folder, or one folder a lane."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from engine.atomic import write_bytes
from engine.export.contract import Add, Plan
from engine.export.file_names import clean_name, frame_name
from engine.export.png import encode_png
from engine.messages import Image

#: Compressing and syncing leave the interpreter free, so that a few threads overlap them.
WORKERS = 4


def lane_folder(folder: Path, plan: Plan, lane: int) -> Path:
    """Where the pictures of a lane go: the folder itself, if there is no other lane."""
    if len(plan.titles) == 1:
        return folder
    return folder / clean_name(f"{lane + 1} {plan.titles[lane]}")


def picture_path(folder: Path, plan: Plan, lane: int, index: int) -> Path:
    """Where frame `index` of `lane` goes. Raises InputError for an unusable template."""
    return lane_folder(folder, plan, lane) / frame_name(plan.template, index)


@contextmanager
def open_pictures(folder: Path, plan: Plan) -> Iterator[Add]:
    """Writes frames in any order; those written stay when the block raises.

    Raises InputError and WriteError, up to a few frames late.
    """
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="export")
    pending: deque[Future[None]] = deque()

    def add(index: int, images: Sequence[Image]) -> None:
        for lane, image in enumerate(images):
            pending.append(pool.submit(_write, folder, plan, lane, index, image))
        while len(pending) > 2 * WORKERS:
            pending.popleft().result()

    try:
        yield add
        while pending:
            pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _write(folder: Path, plan: Plan, lane: int, index: int, image: Image) -> None:
    text = plan.describe(lane, index) if plan.describe else {}
    write_bytes(picture_path(folder, plan, lane, index), encode_png(image, text), plan.existing)
