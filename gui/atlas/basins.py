"""The regions of an atlas, their borders, and where the walk passes from one into another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import ceil, log2

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.atlas.cells import cell_walk
from engine.atlas.grid import Cell, neighbours
from engine.atlas.labels import Labels, region_name
from engine.messages import Points
from engine.walk import Walk
from gui.atlas.atlas import Atlas
from gui.atlas.labelling import Labelling
from gui.atlas.regions import Crossing, crossings_of
from gui.state.explorer_state import ExplorerState

#: Most halvings of the distance between two cells.
MOST_ROUNDS = 8
NOTHING: Points = np.empty((0, 2))
#: Two places with different labels, between which a border lies.
Bracket = tuple[Cell, int, Cell, int]


class Basins(QObject):
    """Owns the label of each known cell of an atlas, the borders and the crossings of the walk.

    The view says what the regions are: `clusters` groups of similar pictures, or the nearest of the
    texts `regions`. They are found when the atlas is complete. The atlas waits meanwhile.

    Signals: changed.
    """

    changed = Signal()

    def __init__(self, state: ExplorerState, atlas: Atlas, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._atlas = state, atlas
        self._labelling = Labelling(state, self)
        self._labelling.labelled.connect(self._labelled)
        self._labelling.failed.connect(self._fail)
        self._following: Callable[[Labels], None] | None = None
        self._wished: tuple[object, ...] = ()
        self.labels: Mapping[Cell, int] = {}
        self.borders = NOTHING
        self.crossings: tuple[Crossing, ...] = ()
        self.note = ""
        atlas.changed.connect(self._refresh)
        atlas.cleared.connect(self._clear)
        state.view_changed.connect(self._refresh)
        state.results_reset.connect(self._refresh)

    @property
    def busy(self) -> bool:
        """True while labels are found."""
        return self._following is not None

    def names(self) -> Mapping[Cell, str]:
        """Returns the name of the region of each labelled cell."""
        return {cell: self.name(label) for cell, label in self.labels.items()}

    def name(self, label: int) -> str:
        """Returns the name of a region: its text, or the number of its cluster."""
        return region_name(self._state.view.regions, label)

    # ── labels ───────────────────────────────────────────────────────────────────────────────

    def _refresh(self) -> None:
        """Find the regions again if the atlas has become complete or the view wants others."""
        view, atlas = self._state.view, self._atlas
        if not (view.clusters or view.regions) or not atlas.wanted:
            self._clear()
            return
        wished = view.clusters, view.regions, atlas.wanted, self._path_walk
        if self._wished and self._wished[:2] != wished[:2]:
            self._clear()  # labels are numbers of the clusters or texts for which they were found
        complete = atlas.known == len(atlas.wanted)
        if complete and wished != self._wished:
            self._labelling.stop()  # it may still look for others
            self._wished, self.borders, self.crossings = wished, NOTHING, ()
            self._find(atlas.wanted)

    def _find(self, cells: tuple[Cell, ...]) -> None:
        view, atlas = self._state.view, self._atlas
        self._begin(partial(self._take_cells, cells), "Finding regions")
        if view.regions:
            self._labelling.texts = view.regions
            points = [point for cell in cells if (point := atlas.keyframe(cell)) is not None]
            self._labelling.label(cell_walk(points, self._walk.negative))
        else:
            self._labelling.cluster([atlas.key(cell) for cell in cells], view.clusters)

    def _take_cells(self, cells: tuple[Cell, ...], labels: Labels) -> None:
        pairs = zip(cells, labels, strict=False)  # a single cell is rendered twice
        self.labels = {cell: label for cell, label in pairs if label is not None}
        walk = self._path_walk
        if walk is None:
            self._end("")
            return
        self._begin(partial(self._take_path, walk), "Finding crossings")
        self._labelling.label(walk)

    def _take_path(self, walk: Walk, labels: Labels) -> None:
        self.crossings = crossings_of(labels, walk.times_of_frames())
        count, crossed = len(set(self.labels.values())), len(self.crossings)
        crossings = "1 crossing" if crossed == 1 else f"{crossed} crossings"
        self._end(f"{count} regions · {crossings} of the walk")

    # ── borders ──────────────────────────────────────────────────────────────────────────────

    def bisect(self, pixel: float) -> None:
        """Find the borders between neighbouring cells to the distance `pixel`, in std, by halving.
        Pictures on the way are rendered."""
        if self.busy or not self.labels:
            return
        spacing, labels = self._atlas.spacing, self.labels
        brackets = [
            (a, labels[a], b, labels[b])
            for a, b in neighbours(set(labels), spacing)
            if labels[a] != labels[b]
        ]
        rounds = min(max(ceil(log2(spacing / pixel)), 1), MOST_ROUNDS)
        self._halve(brackets, rounds)

    def _halve(self, brackets: list[Bracket], rounds: int) -> None:
        middles = [_middle(bracket) for bracket in brackets]
        self.borders = np.array(middles) if middles else NOTHING
        points = [self._atlas.keyframe(cell) for cell in middles]
        known = [point for point in points if point is not None]
        if not rounds or not known or len(known) < len(points):
            self._end(f"{len(middles)} points on borders")
            return
        self._begin(partial(self._take_middles, brackets, rounds), f"Bisecting, {rounds} to go")
        self._labelling.label(cell_walk(known, self._walk.negative))

    def _take_middles(self, brackets: list[Bracket], rounds: int, labels: Labels) -> None:
        halves = [_half(b, label) for b, label in zip(brackets, labels, strict=False)]
        self._halve(halves, rounds - 1)

    # ── steps ────────────────────────────────────────────────────────────────────────────────

    @property
    def _walk(self) -> Walk:
        return self._state.exploration.walk

    @property
    def _path_walk(self) -> Walk | None:
        """The walk along which crossings are found: the edited one by its own method, if that was
        rendered, or else the first lane."""
        lanes, own = self._state.results.lanes, self._state.own_lane
        return lanes[own or 0].lane.walk if lanes else None

    def _begin(self, following: Callable[[Labels], None], note: str) -> None:
        """Set what is done with the labels that are found next, and the note. The atlas waits."""
        self._following, self.note = following, note
        self._atlas.hold(True)
        self.changed.emit()

    def _labelled(self, labels: Labels) -> None:
        following, self._following = self._following, None
        if following is not None:
            following(labels)

    def _end(self, note: str) -> None:
        self._following, self.note = None, note
        self.changed.emit()
        self._atlas.hold(False)

    def _fail(self, note: str) -> None:
        """End with a reason; the same regions are tried again when something has changed."""
        self._end(note)
        self._wished = ()

    def _clear(self) -> None:
        if self._wished or self.busy or self.labels or self.note:
            self._labelling.stop()
            self._wished, self.labels, self.borders, self.crossings = (), {}, NOTHING, ()
            self._end("")


def _middle(bracket: Bracket) -> Cell:
    (ax, ay), _, (bx, by), _ = bracket
    return (ax + bx) / 2, (ay + by) / 2


def _half(bracket: Bracket, label: int | None) -> Bracket:
    """Returns the half that still contains a border. A third region counts as the second one."""
    a, first, b, second = bracket
    middle = _middle(bracket)
    return (middle, first, b, second) if label == first else (a, first, middle, second)
