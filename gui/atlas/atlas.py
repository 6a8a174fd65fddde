"""The atlas: fills the visible part of a plane with pictures when nothing else is rendered."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Signal

from engine import messages as m
from engine.atlas.cells import AtlasContent, cell_walk
from engine.atlas.grid import Area, Cell, PlaneFacts, cells_of, spacing_of
from engine.lru_cache import LruCache
from engine.walk import Keyframe, content_of
from gui.state.explorer_state import ExplorerState
from gui.state.state_signals import CellRequest

#: Most cells whose keys are remembered: about 2 MB. The store keeps the pictures.
MOST_KEYS = 20_000

#: Returns the keyframe at a place; None for a place that is no sum of keyframes.
KeyframeAt = Callable[[float, float], Keyframe | None]


class Atlas(QObject):
    """Owns the positions and keys of the cells that are wanted and known. Pictures are in the
    store.

    `spacing` is the distance of neighbouring cells, in std; 0 without an atlas. `paused` is True
    after a person has stopped it. `facts` describe the present plane.

    Signals: cell_ready(cell, picture [H, W, 3]); changed, for everything else; cleared, when the
    cells of another plane or walk are known no longer.
    """

    cell_ready = Signal(object, object)
    changed = Signal()
    cleared = Signal()

    def __init__(self, state: ExplorerState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._keys: LruCache[Cell, str] = LruCache(MOST_KEYS)
        self._content: object = None
        self._keyframe_at: KeyframeAt = lambda _x, _y: None
        self._requested: tuple[Cell, ...] = ()
        self.wanted: tuple[Cell, ...] = ()
        self.spacing = 0.0
        self.facts = PlaneFacts()
        self.paused = self._held = False
        self.problem = ""
        state.cells_event.connect(self._apply)
        state.opened.connect(self._begin_anew)

    # ── verbs ────────────────────────────────────────────────────────────────────────────────

    def fill(
        self, area: Area | None, keyframe_at: KeyframeAt, facts: PlaneFacts | None = None
    ) -> None:
        """Fill an area with at least as many cells as the view says. None, or no atlas in the view,
        stops. Cells that are known already are not requested again."""
        self._keyframe_at, self.facts = keyframe_at, facts or PlaneFacts()
        self._forget_other_planes()
        across = self._state.view.atlas
        if area is None or not across or min(area.width, area.height) <= 0.0:
            self._empty()
            return
        spacing = spacing_of(area, across)
        wanted = tuple(cells_of(area, spacing))
        if (wanted, spacing) != (self.wanted, self.spacing) or not self._requested:
            self.wanted, self.spacing = wanted, spacing
            self.changed.emit()
            self._request()

    def pause(self) -> None:
        """Stop at once. Known cells stay."""
        self.paused = True
        self._stop()
        self.changed.emit()

    def resume(self) -> None:
        """Go on with the missing cells."""
        self.paused, self.problem = False, ""
        self._request()
        self.changed.emit()

    def hold(self, held: bool) -> None:
        """Wait while others request cells, or go on."""
        if held != self._held:
            self._held = held
            self._stop() if held else self._request()

    def key(self, cell: Cell) -> str | None:
        """Returns the key of a cell's picture in the store, or None."""
        return self._keys.get(cell)

    def image(self, cell: Cell) -> m.Image | None:
        """Returns the picture of a cell [H, W, 3], or None."""
        key = self._keys.get(cell)
        return self._state.results.store.image(key) if key is not None else None

    def keyframe(self, cell: Cell) -> Keyframe | None:
        """Returns a cell as a keyframe."""
        return self._keyframe_at(*cell)

    def content(self, names: Mapping[Cell, str]) -> AtlasContent:
        """Returns the known cells for files. `names` are those of their regions."""
        keys = {cell: key for cell in self.wanted if (key := self._keys.get(cell)) is not None}
        keyframes = {cell: self.keyframe(cell) for cell in keys}
        return AtlasContent(self.spacing, self.facts, keys, keyframes, names)

    @property
    def known(self) -> int:
        """The number of wanted cells with a picture."""
        return sum(cell in self._keys for cell in self.wanted)

    @property
    def note(self) -> str:
        """A line about the progress; "" without an atlas."""
        if not self.wanted:
            return ""
        known, total = self.known, len(self.wanted)
        if self.problem:
            return f"Atlas {known} of {total}: {self.problem}"
        end = " · paused" if self.paused else "" if known < total else " · complete"
        return f"Atlas {known} of {total}{end}"

    def _begin_anew(self) -> None:
        """Forget the cells, and that a person has paused: another document was opened."""
        self.paused, self._content = False, None
        self._forget_other_planes()
        self.changed.emit()

    # ── requests ─────────────────────────────────────────────────────────────────────────────

    def _forget_other_planes(self) -> None:
        exploration = self._state.exploration
        walk, view = content_of(exploration.walk), exploration.view
        # The methods decide the plane of a path through more than two keyframes.
        methods = walk.methods if not view.through and walk.segments > 1 else ()
        settings = walk.negative, exploration.model, exploration.sampling
        content = walk.keyframes, methods, settings, view.through
        if content != self._content:
            self._content = content
            self._stop()
            self._keys = LruCache(MOST_KEYS)
            self.wanted, self.problem = (), ""
            self.cleared.emit()

    def _empty(self) -> None:
        self._stop()
        if self.wanted:
            self.wanted, self.spacing = (), 0.0
            self.changed.emit()

    def _stop(self) -> None:
        if self._requested:
            self._requested = ()
            self._state.cells_dropped.emit()

    def _request(self) -> None:
        missing = tuple(cell for cell in self.wanted if cell not in self._keys)
        if self.paused or self._held or missing == self._requested:
            return
        self._stop()
        found = [(cell, self._keyframe_at(*cell)) for cell in missing]
        points = [(cell, point) for cell, point in found if point is not None]
        if points:
            self._requested = tuple(cell for cell, _ in points)
            walk = cell_walk([point for _, point in points], self._state.exploration.walk.negative)
            self._state.cells_requested.emit(CellRequest(walk))

    def _apply(self, event: m.JobEvent) -> None:
        if not self._requested:
            return
        match event:
            case m.FrameReady():
                cell = self._requested[min(event.index, len(self._requested) - 1)]
                self._keys.put(cell, event.key)
                self.cell_ready.emit(cell, event.image)
            case m.FrameFailed():
                self.problem = event.message
                self.changed.emit()
            case m.JobFailed():
                self.problem = event.message
                self._end()
            case m.JobCancelled():
                self.paused = True
                self._end()
            case m.JobFinished():
                self._end()

    def _end(self) -> None:
        self._requested = ()
        self.changed.emit()
