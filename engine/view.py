"""The view of an exploration. It is saved with it, but a change of it is not an edit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ViewMode(Enum):
    """The way in which the viewer shows pictures."""

    SINGLE = "single"
    COMPARE = "compare"
    DIFFERENCE = "difference"
    SHEET = "sheet"
    LATENT = "latent"


class Loop(Enum):
    """The behaviour of playback at the end of the range."""

    ONCE = "once"
    LOOP = "loop"
    PING_PONG = "ping-pong"


#: Marks the plane that fits all keyframes best. Ids of keyframes start with 1.
ALL_KEYFRAMES = (0,)


@dataclass(frozen=True, slots=True)
class View:
    """The settings of the window for an exploration.

    `mode` None is the mode that suits its methods and rows, see `Exploration.mode`. `lane` is the
    lane in focus, which is shown alone and which differences are taken from. `crisp` enlarges
    pictures by whole factors, without smoothing. `segment` is the segment whose method the panel
    shows, None for the whole walk. `plane` is the name of the view of the trajectory plot; an
    unknown name shows the first view. `through` are the ids of the two or three keyframes that the
    plane of the walk goes through; () is the plane of its path, and ALL_KEYFRAMES the one that fits
    all keyframes best. `atlas` is the least number of pictures across the plane with which the
    atlas fills it; 0 is no atlas. Its pictures are coloured by `clusters` groups of similar ones,
    or by the nearest of the texts `regions`. `table` shows the summary table of the measures.
    """

    mode: ViewMode | None = None
    lane: int = 0
    crisp: bool = False
    segment: int | None = None
    plane: str = "walk"
    table: bool = False
    loop: Loop = Loop.LOOP
    through: tuple[int, ...] = ()
    atlas: int = 0
    clusters: int = 0
    regions: tuple[str, ...] = ()
