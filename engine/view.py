"""How an exploration is looked at: saved with it, but no edit of it, and so never undone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ViewMode(Enum):
    """How many of the walk's pictures are seen at once."""

    SINGLE = "single"
    COMPARE = "compare"
    DIFFERENCE = "difference"
    SHEET = "sheet"
    LATENT = "latent"


class Loop(Enum):
    """What happens at the end of the range during playback."""

    ONCE = "once"
    LOOP = "loop"
    PING_PONG = "ping-pong"


@dataclass(frozen=True, slots=True)
class View:
    """What the window shows of an exploration.

    `mode` None is the one that suits its methods and rows, see `Exploration.mode`. `lane` is the
    lane in focus: it is shown alone, and differences are taken from it. `crisp` enlarges pictures
    by whole numbers, without smoothing. `segment` is the segment whose method the panel shows,
    None for the whole walk. `plane` names the view of the trajectory plot; the first view is shown
    where none has that name. `table` shows the measures of whole walks in numbers.
    """

    mode: ViewMode | None = None
    lane: int = 0
    crisp: bool = False
    segment: int | None = None
    plane: str = "walk"
    table: bool = False
    loop: Loop = Loop.LOOP
