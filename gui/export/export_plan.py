"""The kinds of export, and the orders made from the choices in the dialog. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.atomic import Existing
from engine.export.contract import ExportFormat, Plan, formats
from engine.export.differences import with_differences
from engine.export.file_names import clean_name
from engine.export.metadata import NotesOf, Provenance
from engine.messages import ModelInfo
from engine.pictures.strip_places import strip_places
from engine.walk import Exploration, ParameterValue, lanes_of
from gui.export.export_job import Order

#: Writes a table or a plot, which are not made of frames, to a path.
Writer = Callable[[Path], object]
#: Writes a file with the frames of a sheet: path of the sheet, text about it, path of the file.
Finisher = Callable[[Path, str, Path], None]
#: The default kind.
FIRST_KIND = "mp4"


@dataclass(frozen=True, slots=True)
class ExportKind:
    """An entry of the dialog's list: frames in a `format`, or the output of `write`.

    `prepare` returns a writer that is called on another thread, or raises InputError.

    With `finish`, the frames are first written to a temporary file in the format, from which
    `finish` makes the file."""

    name: str
    label: str
    suffix: str
    format: type[ExportFormat] | None = None
    write: Writer | None = None
    prepare: Callable[[], Writer] | None = None
    finish: Finisher | None = None

    @property
    def has_metadata(self) -> bool:
        """True if prompt, seed and settings can be written into its files."""
        return self.format is not None and self.finish is None

    @property
    def moves(self) -> bool:
        """True if its frames are shown one after another, as in a video."""
        return self.format is not None and self.format.moves


def frame_kinds() -> tuple[ExportKind, ...]:
    """Returns one kind for each registered format."""
    known = {name: formats.get(name) for name in formats.names()}
    return tuple(
        ExportKind(name, format_.label, format_.suffix, format=format_)
        for name, format_ in known.items()
    )


@dataclass(frozen=True, slots=True)
class Wishes:
    """The choices in the dialog. `difference` names the method that the heat maps of the others are
    taken against; "" exports pictures. `parameters` are those of the format."""

    kind: ExportKind
    folder: Path
    name: str
    span: tuple[int, int]
    difference: str = ""
    fps: float = 24.0
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    metadata: bool = True
    session: bool = True

    @property
    def path(self) -> Path:
        """The path, before a number is added to a name that is taken."""
        return self.folder / f"{clean_name(self.name)}{self.kind.suffix}"


def order_for(
    wishes: Wishes,
    exploration: Exploration,
    path: Path,
    model: ModelInfo | None = None,
    notes: NotesOf = lambda _lane, _index: (),
    certificates: tuple[dict[str, float], ...] = (),
) -> Order:
    """Returns the order for these choices at the final path. `model` is the model in use, if known.
    `notes` returns the notes of a frame that was not made in the usual way. `certificates` are
    those of the lanes."""
    about = replace(Provenance.of(exploration, model, notes), certificates=certificates)
    plan = Plan(
        titles=tuple(lane.title for lane in lanes_of(exploration)),
        indices=tuple(range(wishes.span[0], wishes.span[1] + 1)),
        times=exploration.walk.times_of_frames(),
        fps=wishes.fps,
        parameters=wishes.parameters,
        existing=Existing.NUMBER,
        describe=about.picture_text if wishes.metadata else None,
        about=about.film_tags() if wishes.metadata else {},
        places=strip_places(exploration, model.multiple) if model else strip_places(exploration),
    )
    if wishes.difference:
        plan = with_differences(plan, exploration, wishes.difference)
    return Order(path, plan, exploration, wishes.session, certificates)
