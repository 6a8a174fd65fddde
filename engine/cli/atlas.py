"""The command `atlas`: pictures of the points of a plane, as one page or a folder with a table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import sqrt
from pathlib import Path
from typing import TextIO

import numpy as np

from engine import messages as m
from engine.atlas.cells import AtlasContent, cell_walk
from engine.atlas.files import check_folder, write_atlas, write_cells
from engine.atlas.grid import Area, Cell, PlaneFacts, fixed_cells
from engine.atlas.labels import SCORE, best_texts, clustered, region_name
from engine.atomic import WriteError, check_writable, choose_path
from engine.cli.command import Command
from engine.cli.headless import (
    BAD_INPUT,
    CANCELLED,
    DONE,
    FAILED,
    INTERRUPTED,
    interruptible,
)
from engine.cli.progress import ProgressLines
from engine.errors import Cancelled, InputError
from engine.geometry.keyframe_planes import best_plane
from engine.geometry.plane_points import keyframe_at
from engine.mailbox import JobControl
from engine.render.batch_memory import BatchMemory
from engine.render.renderer import Renderer
from engine.store.frame_store import FrameStore
from engine.walk import Keyframe, Walk

#: Free space around the walk and the shell, as a share of their reach.
MARGIN = 0.1
_PICTURE = ".png"
#: Regions of more kinds than this cannot be told apart by colour.
MOST_CLUSTERS = 8
_NO_PLANE = (
    "The walk spans no plane of which every point is a sum of its keyframes; give it two keyframes "
    "with different noise."
)


@dataclass(frozen=True)
class AtlasCommand(Command):
    """The settings of `atlas`: the path of the picture, or of the folder where it has no suffix;
    cells along the shorter side; the area in std (None: the walk and the shell); the texts or the
    number of clusters that name regions."""

    out: Path = Path()
    across: int = 9
    area: Area | None = None
    texts: tuple[str, ...] = ()
    clusters: int = 0


@dataclass(frozen=True, slots=True)
class _Plane:
    """The facts of a plane, its reach in std, and the keyframes at its points."""

    facts: PlaneFacts
    reach: float
    keyframe: Callable[[float, float], Keyframe | None]


def atlas(
    command: AtlasCommand,
    store: FrameStore,
    errors: TextIO | None = None,
    batches: BatchMemory | None = None,
) -> int:
    """Renders the cells that are missing and writes the atlas. Returns the process's exit code.

    Runs on the main thread. Ctrl-C ends it at the next step. Finished pictures stay in the store,
    so that the same command goes on from them.
    """
    control = JobControl()
    with interruptible(control), ProgressLines(errors or sys.stderr) as progress:
        try:
            _check(command)
            work = _Work(command, Renderer(store, progress.show, batches, command.found), control)
            work.show = progress.show
            content = work.content(store)
            write = write_atlas if command.out.suffix else write_cells
            write(content, store, command.out, command.existing)
        except Cancelled:
            progress.say(CANCELLED)
            return INTERRUPTED
        except (InputError, WriteError) as error:
            progress.say(str(error))
            return BAD_INPUT
    return FAILED if len(content.keys) < work.asked else DONE


def _check(command: AtlasCommand) -> None:
    """Checks the settings before the work starts. Raises InputError and WriteError."""
    if command.out.suffix.lower() not in ("", _PICTURE):
        raise InputError(
            f"An atlas is written as {_PICTURE} or, without a suffix, as a folder; not as "
            f"{command.out.suffix!r}."
        )
    if not 2 <= command.across <= 99:
        raise InputError(f"--across takes a whole number from 2 to 99, not {command.across}.")
    if command.clusters and not 2 <= command.clusters <= MOST_CLUSTERS:
        raise InputError(
            f"--clusters takes a whole number from 2 to {MOST_CLUSTERS}, not {command.clusters}."
        )
    if command.texts and command.clusters:
        raise InputError("Regions are named by --texts or found by --clusters; leave one out.")
    check = choose_path if command.out.suffix else check_folder
    check(command.out, command.existing)
    check_writable(command.out)


class _Work:
    """One run of the command: the plane of the walk, then the pictures of its cells."""

    def __init__(self, command: AtlasCommand, renderer: Renderer, control: JobControl) -> None:
        self._command, self._renderer, self._control = command, renderer, control
        self.show: Callable[[m.Event], None] = lambda _: None
        self.asked = 0

    def content(self, store: FrameStore) -> AtlasContent:
        """Return the atlas, rendered. Raises InputError and Cancelled."""
        plane = self._plane()
        reach = (1 + MARGIN) * plane.reach
        area = self._command.area or Area(-reach, -reach, reach, reach)
        spacing, cells = fixed_cells(area, self._command.across)
        found = [(cell, plane.keyframe(*cell)) for cell in cells]
        points = {cell: keyframe for cell, keyframe in found if keyframe is not None}
        self.asked = len(points)
        walk = cell_walk(list(points.values()), self._command.exploration.walk.negative)
        keys = self._keys(walk, list(points))
        names = self._names(walk, list(points), keys, store)
        return AtlasContent(spacing, plane.facts, keys, dict(points), names)

    def _plane(self) -> _Plane:
        """The plane of the path where every point of it is a sum of keyframes, else the best fit of
        all keyframes."""
        walk = self._command.exploration.walk
        request = replace(self._request(walk), indices=(), geometry=True)
        paths = [event for event in self._run(request) if isinstance(event, m.PathReady)]
        if not paths:
            raise InputError(_NO_PLANE)
        return _plane_of(paths[0], walk)

    def _keys(self, walk: Walk, cells: list[Cell]) -> dict[Cell, str]:
        """Render the cells; returns the keys of their pictures."""
        keys: dict[Cell, str] = {}
        for event in self._run(self._request(walk)):
            if isinstance(event, m.FrameReady) and event.tier == m.Tier.FINAL:
                keys[cells[min(event.index, len(cells) - 1)]] = event.key
        return keys

    def _names(
        self, walk: Walk, cells: list[Cell], keys: dict[Cell, str], store: FrameStore
    ) -> dict[Cell, str]:
        """The names of the regions of cells, by texts or clusters; none without these."""
        texts, clusters = self._command.texts, self._command.clusters
        if texts:
            scores = np.full((len(cells), len(texts)), np.nan)
            for column, text in enumerate(texts):
                for event in self._run(self._request(walk, (SCORE,), text)):
                    if isinstance(event, m.MeasureReady):
                        scores[min(event.index, len(cells) - 1), column] = event.value
            labels = best_texts(scores.tolist())
        elif clusters:
            labels = clustered(store, [keys.get(cell) for cell in cells], clusters).labels
        else:
            return {}
        pairs = zip(cells, labels, strict=True)
        return {cell: region_name(texts, label) for cell, label in pairs if label is not None}

    def _request(
        self, walk: Walk, measures: tuple[str, ...] = (), text: str = ""
    ) -> m.RenderRequest:
        exploration = replace(
            self._command.exploration, walk=walk, rows=(), compare=(), scoring_text=text
        )
        request = replace(self._command, exploration=exploration).request(measures=measures)
        return replace(request, in_order=False, geometry=False)

    def _run(self, request: m.RenderRequest) -> Iterator[m.Event]:
        """Yield the events of a job. Raises InputError and Cancelled."""
        for event in self._renderer.run(request, self._control):
            self.show(event)
            match event:
                case m.JobFailed() | m.MeasureFailed():
                    raise InputError(event.message)
                case m.JobCancelled():
                    raise Cancelled
            yield event


def _plane_of(path: m.PathReady, walk: Walk) -> _Plane:
    """Returns the plane of a path, or the best fit of its keyframes. Raises InputError."""
    sigma = 1.0 / sqrt(2 * path.dimension) if path.dimension else 0.0
    if path.exact and keyframe_at(walk, path.keyframes, (1.0, 0.0)) is not None:
        facts = PlaneFacts(0.0, sigma, path.frames, "The whole walk lies in this plane")
        places = np.concatenate([path.frames, path.keyframes])
        reach = max(float(np.hypot(*places.T).max()), 1.0)
        return _Plane(facts, reach, lambda x, y: keyframe_at(walk, path.keyframes, (x, y)))
    plane = best_plane(path.span) if path.span is not None and not path.exact else None
    if path.span is None or plane is None:
        raise InputError(_NO_PLANE)
    frames = plane.project(path.span.products)
    note = f"The plane shows {plane.kept(path.span):.0%} of the walk"
    reach = max(float(np.hypot(*np.concatenate([frames, plane.keyframes]).T).max()), 1.0)
    return _Plane(
        PlaneFacts(plane.height, sigma, frames, note),
        reach,
        lambda x, y: plane.keyframe(walk, x, y),
    )
