"""A point of the plane that follows the mouse: drafts while it moves, the finished picture when it
rests."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QTimer

from engine.walk import Keyframe
from gui.state.explorer_state import ExplorerState
from gui.widgets.throttle import Throttle

#: Least time between two requests for a draft, in milliseconds.
DRAFT_INTERVAL = 25
#: Time without a move after which the finished picture is requested, in milliseconds.
REST = 200
#: Sampling with fewer steps has no drafts.
FEWEST_STEPS = 8


class LivePoint(QObject):
    """Requests the pictures of a moving point. The newest point replaces those that wait."""

    def __init__(self, state: ExplorerState, parent: QObject) -> None:
        super().__init__(parent)
        self._state = state
        self._point: Keyframe | None = None
        self._place: QPointF | None = None
        self._drafts = Throttle(DRAFT_INTERVAL, self, leading=True)
        self._drafts.triggered.connect(self._ask_draft)
        self._rest = QTimer(self, singleShot=True, interval=REST)
        self._rest.timeout.connect(self.settle)

    @property
    def place(self) -> QPointF | None:
        """The place of the newest request, until its finished picture is requested."""
        return self._place

    def move(self, place: QPointF, point: Keyframe | None = None) -> None:
        """Request the picture of a place: a draft now, the finished one when the point rests.

        `point` is the keyframe there; None for a place of the path's own plane, which the engine
        knows.
        """
        self._place, self._point = place, point
        self._rest.start()
        self._drafts.throttle()

    def settle(self) -> None:
        """Request the finished picture now, if the point has moved."""
        self._rest.stop()
        self._drafts.cancel()
        if self._place is not None:
            place, self._place = self._place, None
            self._ask(place, draft=False)

    def cancel(self) -> None:
        """Forget the point, and request nothing more."""
        self._rest.stop()
        self._drafts.cancel()
        self._place = None

    def _ask_draft(self) -> None:
        if self._place is None:
            return
        if self._state.exploration.sampling.steps < FEWEST_STEPS:
            self._ask(self._place, draft=False)
        else:
            self._ask(self._place, draft=True)

    def _ask(self, place: QPointF, *, draft: bool) -> None:
        self._state.ask_probe(place.x(), place.y(), self._point, draft=draft)
