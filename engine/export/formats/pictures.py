"""Numbered PNG files in one folder, or in one folder for each lane."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from engine.atomic import Existing, WriteError, explain, is_empty, sweep_parts, write_bytes
from engine.documents.session_file import FORMAT
from engine.errors import InputError
from engine.export.contract import Add, ExportFormat, Plan, formats
from engine.export.file_names import clean_name, frame_name, frame_number
from engine.export.png import SIGNATURE, encode_png, read_text
from engine.messages import Image
from engine.parameters import parameter

#: Number of threads. Compression and file operations release Python's lock, so threads help.
WORKERS = 4
_LANE_FOLDER = re.compile(r"\d+ .+")


@formats.register("pictures")
@dataclass(frozen=True)
class Pictures(ExportFormat):
    """Takes frames in any order. Written frames stay if the block raises an exception.

    When pictures are replaced, those of an earlier walk are removed: from lanes that the plan does
    not have, and with numbers after its last frame.
    """

    label = "Pictures, PNG"
    suffix = ""
    bytes_per_pixel = 2.0
    colour_bars = False

    template: str = parameter(
        "{index:05d}.png",
        "Pictures",
        help="The names of the pictures; {index:05d} is the frame's number in five digits",
    )

    @contextmanager
    def open(self, path: Path, plan: Plan) -> Iterator[Add]:
        """Raises InputError and WriteError, up to a few frames later."""
        pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="export")
        pending: deque[Future[None]] = deque()
        if plan.existing is Existing.REPLACE:
            try:
                self._remove_others(path, plan)
            except OSError as error:
                raise WriteError(explain(Path(error.filename or path), error)) from error
        for lane in range(len(plan.titles)):
            sweep_parts(_lane_folder(path, plan, lane))

        def add(index: int, images: Sequence[Image]) -> None:
            for lane, image in enumerate(images):
                pending.append(pool.submit(self._write, path, plan, lane, index, image))
            while len(pending) > 2 * WORKERS:
                pending.popleft().result()

        try:
            yield add
            while pending:
                pending.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    @classmethod
    def recognises(cls, head: bytes, suffix: str) -> bool:
        return head.startswith(SIGNATURE)

    @classmethod
    def read_document(cls, path: Path) -> str | None:
        return read_text(path).get(FORMAT)

    def is_taken(self, path: Path) -> bool:
        return os.path.exists(path) and (not path.is_dir() or not is_empty(path))

    def check(self, path: Path, plan: Plan, width: int, height: int) -> None:
        if os.path.exists(path) and not path.is_dir():
            raise InputError(f"{path} is a file; choose another name for the folder of pictures.")
        for lane in range(len(plan.titles)):
            for index in plan.indices:
                picture = self.picture_path(path, plan, lane, index)
                if plan.existing is Existing.REFUSE and os.path.exists(picture):
                    raise InputError(
                        f"{path} holds pictures already; choose another folder or allow them to be "
                        "replaced."
                    )

    def picture_path(self, folder: Path, plan: Plan, lane: int, index: int) -> Path:
        """Return the file of frame `index` of `lane`. Raises InputError for an invalid template."""
        return _lane_folder(folder, plan, lane) / frame_name(self.template, index)

    def _write(self, folder: Path, plan: Plan, lane: int, index: int, image: Image) -> None:
        text = plan.describe(lane, index) if plan.describe else {}
        path = self.picture_path(folder, plan, lane, index)
        write_bytes(path, encode_png(image, text), plan.existing)

    def _remove_others(self, folder: Path, plan: Plan) -> None:
        """Remove pictures of an earlier export with these names in `folder`."""
        if not folder.is_dir():
            return
        own = {_lane_folder(folder, plan, lane) for lane in range(len(plan.titles))}
        lanes = [f for f in folder.iterdir() if f.is_dir() and _LANE_FOLDER.fullmatch(f.name)]
        for place in (folder, *lanes):
            last = max(plan.indices, default=-1) if place in own else -1
            for picture in list(place.iterdir()):
                number = frame_number(self.template, picture.name)
                if number is not None and number > last and picture.is_file():
                    picture.unlink()
            if place in lanes and place not in own:
                with suppress(OSError):  # it contains other files
                    place.rmdir()


def _lane_folder(folder: Path, plan: Plan, lane: int) -> Path:
    """Returns the folder of a lane's pictures, which is `folder` if there is only one lane."""
    if len(plan.titles) == 1:
        return folder
    return folder / clean_name(f"{lane + 1} {plan.titles[lane]}")
