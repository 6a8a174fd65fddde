"""Thumbnails of the frames of the newest job, in limited memory."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap

from engine.lru_cache import LruCache
from gui.state.explorer_state import ExplorerState
from gui.widgets.qt_images import to_pixmap

#: Most thumbnails. One of 64 px is 16 KiB, or 64 KiB at scale 2, so they need at most 32 MiB.
CAPACITY = 512


class Thumbnails(QObject):
    """Owns the thumbnails of the newest job's frames, at most CAPACITY of them.

    Thumbnails of finished frames are stored by the frame's key, so other jobs can use them, too.
    Thumbnails of previews are removed when a better picture arrives.

    Signals: changed(lane, index), when a frame has another picture; cleared.
    """

    changed = Signal(int, int)
    cleared = Signal()

    def __init__(self, state: ExplorerState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._pixmaps: LruCache[tuple[object, int], QPixmap] = LruCache(CAPACITY)
        state.frame_changed.connect(self._forget)
        state.results_reset.connect(self._reset)

    def get(self, lane: int, index: int, side: float, ratio: float = 1.0) -> QPixmap | None:
        """Returns the thumbnail of exactly this frame, or None if it has no picture. May create
        it."""
        identity = self._identity(lane, index)
        key = (identity, round(side * ratio))
        pixmap = self._pixmaps.get(key)
        if pixmap is not None:
            return pixmap
        image = self._state.results.image(lane, index)
        return None if image is None else self._pixmaps.put(key, to_pixmap(image, side, ratio))

    def has(self, lane: int, index: int, side: float, ratio: float = 1.0) -> bool:
        """True if `get` would return at once."""
        return (self._identity(lane, index), round(side * ratio)) in self._pixmaps

    def _identity(self, lane: int, index: int) -> object:
        lanes = self._state.results.lanes
        key = lanes[lane].keys.get(index) if lane < len(lanes) else None
        return key or (lane, index)

    def _forget(self, lane: int, index: int) -> None:
        self._drop({(lane, index)})
        self.changed.emit(lane, index)

    def _reset(self) -> None:
        self._drop({identity for identity, _ in self._pixmaps if isinstance(identity, tuple)})
        self.cleared.emit()

    def _drop(self, identities: set[object]) -> None:
        for key in [key for key in self._pixmaps if key[0] in identities]:
            self._pixmaps.drop(key)
