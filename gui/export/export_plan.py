"""What can be exported, and from the wishes of the dialog to an order. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from engine.atomic import Existing
from engine.export.contract import COLUMNS, Plan
from engine.export.differences import with_differences
from engine.export.file_names import clean_name
from engine.export.metadata import NotesOf, Provenance
from engine.messages import ModelInfo
from engine.walk import Exploration, lanes_of
from gui.export.export_job import Order

#: Writes something that is not made of frames (a table, a plot) to a path.
Writer = Callable[[Path], None]


class Kind(Enum):
    """What an export is; the value is its suffix, "" a folder of pictures."""

    PICTURES = ""
    MP4 = ".mp4"
    WEBM = ".webm"
    GIF = ".gif"
    WEBP = ".webp"
    SHEET = ".png"
    TABLE = ".csv"
    TABLE_JSON = ".json"
    CURVES = ".measures.png"
    CURVES_SVG = ".measures.svg"
    PLOT = ".plot.png"
    PLOT_SVG = ".plot.svg"


TITLES = {
    Kind.MP4: "Video, MP4 (H.264)",
    Kind.WEBM: "Video, WebM (VP9)",
    Kind.PICTURES: "Pictures, PNG",
    Kind.GIF: "Animation, GIF",
    Kind.WEBP: "Animation, WebP",
    Kind.SHEET: "Contact sheet, PNG",
    Kind.TABLE: "Measures as a table, CSV",
    Kind.TABLE_JSON: "Measures as a table, JSON",
    Kind.CURVES: "Measures as curves, PNG",
    Kind.CURVES_SVG: "Measures as curves, SVG",
    Kind.PLOT: "Trajectory, PNG",
    Kind.PLOT_SVG: "Trajectory, SVG",
}
#: Those that are made of frames, that move, and whose quality can be chosen.
FRAMES = (Kind.MP4, Kind.WEBM, Kind.PICTURES, Kind.GIF, Kind.WEBP, Kind.SHEET)
MOVING = (Kind.MP4, Kind.WEBM, Kind.GIF, Kind.WEBP)
LOSSY = (Kind.MP4, Kind.WEBM, Kind.WEBP)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person chose in the dialog. `difference` names the compared method that heat maps of
    the others are taken from; "" shows the pictures."""

    kind: Kind = Kind.MP4
    folder: Path = field(default_factory=Path)
    name: str = "walk"
    span: tuple[int, int] = (0, 0)
    difference: str = ""
    fps: float = 24.0
    quality: int = 80
    columns: int = COLUMNS
    template: str = "{index:05d}.png"
    metadata: bool = True
    session: bool = True

    @property
    def path(self) -> Path:
        """Where it goes, before a number is added to a name that is taken."""
        return self.folder / f"{clean_name(self.name)}{self.kind.value}"


def order_for(
    wishes: Wishes,
    exploration: Exploration,
    path: Path,
    model: ModelInfo | None = None,
    notes: NotesOf = lambda _lane, _index: (),
) -> Order:
    """The order for these wishes, at a settled path; `model` is the one that renders, if known,
    and `notes` say of its frames what was not the plain way."""
    about = Provenance.of(exploration, model, notes)
    plan = Plan(
        titles=tuple(lane.title for lane in lanes_of(exploration)),
        indices=tuple(range(wishes.span[0], wishes.span[1] + 1)),
        fps=wishes.fps,
        quality=wishes.quality,
        template=wishes.template,
        columns=wishes.columns,
        existing=Existing.NUMBER,
        describe=about.picture_text if wishes.metadata else None,
        about=about.film_tags() if wishes.metadata else {},
    )
    if wishes.difference:
        plan = with_differences(plan, exploration, wishes.difference)
    return Order(path, plan, exploration if wishes.session else None)
