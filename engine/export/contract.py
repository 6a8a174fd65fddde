"""What an export is: a plan, and a function that takes the walk one moment after another.

Every format opens as a context manager that yields its `Add`. When the block ends well the file is
complete and in its place; when it raises, the file's place is as it was before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.atomic import Existing
from engine.messages import Image

#: Of a sheet, where nobody chose: odd, so that the middle of the walk is among them.
COLUMNS = 9
#: Takes frame `index` of every lane: pictures [H, W, 3] of one size, in the order of the lanes.
Add = Callable[[int, Sequence[Image]], None]
#: Text entries of the picture of (lane, index): key → text.
Describe = Callable[[int, int], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is exported, and how.

    `titles` names the lanes, `indices` are the frames that will come. `quality` is 0…100. `about`
    holds the text entries of a file that shows more than one frame, `describe` gives those of a
    single picture; both empty write none. `against` names for each lane the one that its pictures
    are compared with: a heat map of the difference takes their place, but not where a lane is
    named for itself; empty, all pictures are as they are. `live` makes a video that is playable up
    to the last second when the program dies. `columns` are those of a sheet.
    """

    titles: tuple[str, ...] = ("",)
    indices: tuple[int, ...] = ()
    fps: float = 24.0
    quality: int = 80
    template: str = "{index:05d}.png"
    columns: int = COLUMNS
    existing: Existing = Existing.REFUSE
    against: tuple[int, ...] = ()
    live: bool = False
    describe: Describe | None = None
    about: Mapping[str, str] = field(default_factory=dict)


def check_picture(image: Image) -> Image:
    """`image`, contiguous. Raises ValueError for what is no picture [H, W, 3] of uint8."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"a picture is uint8 [H, W, 3], not {image.dtype} {image.shape}")
    return np.ascontiguousarray(image)
