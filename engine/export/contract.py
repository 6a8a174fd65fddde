"""The base class of export formats, and the plan of an export.

A format is a frozen dataclass whose fields are its parameters, in a file of its own in `formats/`.
It opens as a context manager that yields an `Add`, which takes the walk one moment after another.
When the block ends without an error, the file is complete at its path. If it raises an exception,
the path is unchanged. A format imports its libraries when it is opened.
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

    `titles` are the lanes' titles, `indices` the frames that will be added, and `times` the time in
    0…1 of each frame of the walk; none if they are unknown. `parameters` are those of the format;
    unknown ones are ignored. `about` holds the metadata of a file with several
    frames, `describe` returns those of a single picture; empty texts write none. `against` holds
    for each lane the lane that its pictures are compared with. Heat maps of the difference replace
    the pictures of a lane, unless it is compared with itself. With an empty `against`, there are no
    heat maps. `places` holds for each lane the left edges of the walk's frames on a strip, in
    widths of a picture; none if the picture does not move. `live` makes a video that is playable up
    to the last second if the program is killed.
    """

    titles: tuple[str, ...] = ("",)
    indices: tuple[int, ...] = ()
    times: tuple[float, ...] = ()
    fps: float = 24.0
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    existing: Existing = Existing.REFUSE
    against: tuple[int, ...] = ()
    places: tuple[tuple[float, ...], ...] = ()
    live: bool = False
    describe: Describe | None = None
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ExportFormat(ABC):
    """The base class of all formats. `suffix` is the suffix of its files; "" is a folder.

    Every format has the size of the pictures as parameters.

    `bytes_per_pixel` is an upper estimate for each frame, measured on walks of natural pictures.
    `moves` is True if frames are shown one after another. `clock` is the unit of a frame's duration
    in seconds; None supports every rate. A frame is shown for `fewest_ticks` of it at least:
    browsers show shorter ones for a tenth of a second. `colour_bars`: heat maps have a colour bar
    below them.
    """

    label: ClassVar[str]
    suffix: ClassVar[str]
    bytes_per_pixel: ClassVar[float]
    moves: ClassVar[bool] = False
    clock: ClassVar[Fraction | None] = None
    fewest_ticks: ClassVar[int] = 1
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
        at_low="as enlarged",
        help="Pixels across each picture, instead of a factor; 0: as enlarged",
    )

    @abstractmethod
    def open(self, path: Path, plan: Plan) -> AbstractContextManager[Add]:
        """Start to write. This and the `Add` raise InputError and WriteError. Any thread."""

    @classmethod
    @abstractmethod
    def recognises(cls, head: bytes, suffix: str) -> bool:
        """True if a file with these first 8 bytes and this lower-case suffix has this format."""

    @classmethod
    @abstractmethod
    def read_document(cls, path: Path) -> str | None:
        """Return the session in the file's metadata, or None. Does not decode pictures.

        Raises InputError for a damaged file.
        """

    def estimate(self, plan: Plan, width: int, height: int) -> int:
        """Estimate the size of the export in bytes, for frames rendered at `width`×`height`."""
        width, height = self.size_of(width, height)
        pixels = width * height * len(plan.titles) * len(self.shown(plan.indices))
        return round(self.bytes_per_pixel * pixels)

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of an exported picture that was drawn at this size."""
        wanted = self.width or self.scale * width
        return wanted, max(round(height * wanted / width), 1)

    def shown(self, indices: tuple[int, ...]) -> tuple[int, ...]:
        """Return the frames that the export contains."""
        return indices

    def check(self, path: Path, plan: Plan, width: int, height: int) -> None:
        """Raise InputError if `path` is taken, or if the parameters cannot be used for frames that
        are rendered at `width`×`height`."""
        choose_path(path, plan.existing)

    def is_taken(self, path: Path) -> bool:
        """True if there is something at `path` that the export would replace or add files to."""
        return os.path.lexists(path)

    @classmethod
    def kept_rate(cls, fps: float) -> Fraction:
        """Return the rate nearest to `fps` that the format supports."""
        rate = exact_rate(fps)
        if cls.clock is None:
            return rate
        return 1 / (max(round(1 / rate / cls.clock), cls.fewest_ticks) * cls.clock)

    @classmethod
    def rate_note(cls, fps: float) -> str:
        """Return a sentence if the format does not support this rate, else ""."""
        rate, kept = exact_rate(fps), cls.kept_rate(fps)
        if cls.clock is None or kept == rate:
            return ""
        tick, least = (f"{float(1000 * n * cls.clock):g} ms" for n in (1, cls.fewest_ticks))
        return (
            f"A {cls.suffix} file shows each frame for a multiple of {tick}, at least for {least}: "
            f"{rate_text(rate)} becomes {rate_text(kept)} frames a second."
        )


formats: Registry[ExportFormat] = Registry("engine.export.formats", "export format")


def check_picture(image: Image) -> Image:
    """Returns `image` as a contiguous array. Raises ValueError unless it is uint8 [H, W, 3]."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"a picture is uint8 [H, W, 3], not {image.dtype} {image.shape}")
    return np.ascontiguousarray(image)
