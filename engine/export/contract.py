"""An export format, and the plan that it writes.

A format is a frozen dataclass whose fields are its parameters, in a file of its own in `formats/`.
It opens as a context manager that yields an `Add`, which takes the walk one moment after another.
When the block ends without an error, the file is complete and at its path; when it raises, the path
is as it was before. Light to import: a format loads its libraries when it is opened.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.atomic import Existing, choose_path
from engine.export.frame_rate import exact_rate, rate_text
from engine.messages import Image
from engine.parameters import parameter
from engine.registry import Registry
from engine.walk import ParameterValue

#: The widest picture that an export enlarges to.
MAX_WIDTH = 8192
#: Takes frame `index` of every lane: pictures [H, W, 3] of one size, in the order of the lanes.
Add = Callable[[int, Sequence[Image]], None]
#: Text entries of the picture of (lane, index): key → text.
Describe = Callable[[int, int], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Plan:
    """The lanes and frames of an export, and its settings.

    `titles` names the lanes, `indices` are the frames that will come, out of the `frames` of the
    walk; 0 where their number is not known. `parameters` are values of the format's parameters;
    those it does not have are ignored. `about` holds the text entries of a
    file that shows more than one frame, `describe` gives those of a single picture; both empty
    write none. `against` names for each lane the one that its pictures are compared with: a heat
    map of the difference takes their place, but not where a lane is named for itself; empty, all
    pictures are as they are. `live` makes a video that is playable up to the last second when the
    program is killed.
    """

    titles: tuple[str, ...] = ("",)
    indices: tuple[int, ...] = ()
    frames: int = 0
    fps: float = 24.0
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    existing: Existing = Existing.REFUSE
    against: tuple[int, ...] = ()
    live: bool = False
    describe: Describe | None = None
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ExportFormat(ABC):
    """Base of all formats. `suffix` is that of its files, "" means a folder. Its parameters are
    the size of the pictures, which every format has.

    `bytes_per_pixel` is an upper estimate for each frame, measured on walks of natural pictures.
    `moves`: its frames follow each other in time. `clock`: every frame is shown for a whole number
    of these seconds; None keeps every rate. `colour_bars`: heat maps have a colour bar below them.
    """

    label: ClassVar[str]
    suffix: ClassVar[str]
    bytes_per_pixel: ClassVar[float]
    moves: ClassVar[bool] = False
    clock: ClassVar[Fraction | None] = None
    colour_bars: ClassVar[bool] = True

    scale: int = parameter(
        1, "Enlarge", low=1, high=8, unit="×", help="Larger pictures than were drawn, by Lanczos"
    )
    width: int = parameter(
        0,
        "Width",
        low=0,
        high=MAX_WIDTH,
        unit="px",
        help="Pixels across each picture, instead of a factor; 0: as enlarged",
    )

    @abstractmethod
    def open(self, path: Path, plan: Plan) -> AbstractContextManager[Add]:
        """Start to write. Raises InputError and WriteError, as the `Add` does. Any thread."""

    @classmethod
    @abstractmethod
    def recognises(cls, head: bytes, suffix: str) -> bool:
        """Whether a file with these first 8 bytes and this suffix, in lower case, has this
        format."""

    @classmethod
    @abstractmethod
    def read_document(cls, path: Path) -> str | None:
        """The session in the file's metadata, None where there is none. No picture is decoded.

        Raises InputError for a damaged file.
        """

    def estimate(self, plan: Plan, width: int, height: int) -> int:
        """About how many bytes the export takes, for frames drawn at `width`×`height`."""
        width, height = self.size_of(width, height)
        pixels = width * height * len(plan.titles) * len(self.shown(plan.indices))
        return round(self.bytes_per_pixel * pixels)

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of an exported picture that was drawn at this size."""
        wanted = self.width or self.scale * width
        return wanted, max(round(height * wanted / width), 1)

    def shown(self, indices: tuple[int, ...]) -> tuple[int, ...]:
        """Those of the frames that the export holds."""
        return indices

    def check(self, path: Path, plan: Plan, width: int, height: int) -> None:
        """Raises InputError where `path` is taken, or the parameters cannot be used for frames that
        are drawn at `width`×`height`."""
        choose_path(path, plan.existing)

    def is_taken(self, path: Path) -> bool:
        """Whether something is at `path` that the export would replace or join."""
        return os.path.lexists(path)

    @classmethod
    def kept_rate(cls, fps: float) -> Fraction:
        """The frames a second that a file of this format can keep, nearest to `fps`."""
        rate = exact_rate(fps)
        if cls.clock is None:
            return rate
        return 1 / (max(round(1 / rate / cls.clock), 1) * cls.clock)

    @classmethod
    def rate_note(cls, fps: float) -> str:
        """One sentence where the format cannot keep this rate, else ""."""
        rate, kept = exact_rate(fps), cls.kept_rate(fps)
        if cls.clock is None or kept == rate:
            return ""
        tick = f"{float(1000 * cls.clock):g} ms"
        return (
            f"A {cls.suffix} file shows each frame for a multiple of {tick}: "
            f"{rate_text(rate)} becomes {rate_text(kept)} frames a second."
        )


formats: Registry[ExportFormat] = Registry("engine.export.formats", "export format")


def check_picture(image: Image) -> Image:
    """`image`, contiguous. Raises ValueError for what is no picture [H, W, 3] of uint8."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"a picture is uint8 [H, W, 3], not {image.dtype} {image.shape}")
    return np.ascontiguousarray(image)
