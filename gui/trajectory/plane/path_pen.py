"""Draws a path with the mouse, which becomes the walk."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QTransform
from PySide6.QtWidgets import QMenu

from engine.geometry.drawn_path import places_along
from engine.messages import Points
from engine.walk import MethodChoice
from gui.state.explorer_state import ExplorerState
from gui.trajectory.plane.plane_item import PlaneItem, extent_of, mapped, polyline
from gui.trajectory.plane.plane_path import NOTHING, round_pen
from gui.trajectory.plane.walk_geometry import WalkGeometry
from gui.widgets.theme import Theme

#: Method between the keyframes of a path on the shell, and of one as drawn.
ON_SHELL, AS_DRAWN = "slerp", "linear"
NO_SUMS = "Choose a plane through keyframes first; points of this plane are no sums of them."


class PenItem(PlaneItem):
    """Paints the path while it is drawn."""

    margin = 6.0
    still = False

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.points: Points = NOTHING

    def set_points(self, points: Points) -> None:
        """Set the points [n, 2] of the path so far."""
        self.points = points
        self.changed()

    def extent(self) -> QRectF:
        return extent_of(self.points)

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        pen = round_pen(QColor(self.theme.accent), 2.5)
        pen.setStyle(Qt.PenStyle.DashLine)
        painter.strokePath(polyline(mapped(self.points, screen)), pen)


class PathPen(QObject):
    """Owns the path that is drawn. After `start`, the next drag over the plane draws; its end makes
    the walk, as an undo step."""

    def __init__(
        self, state: ExplorerState, geometry: WalkGeometry, theme: Theme, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._state, self._geometry = state, geometry
        self.item = PenItem(theme)
        self._points: list[tuple[float, float]] = []
        self._method = ""

    def fill(self, parent: QMenu) -> None:
        """Add a submenu with the ways to draw."""
        menu = parent.addMenu("Draw a path")
        for method, text in ((ON_SHELL, "On the shell"), (AS_DRAWN, "As it is drawn")):
            menu.addAction(text, partial(self.start, method))

    @property
    def active(self) -> bool:
        """True while the next drag draws, or one is drawn."""
        return bool(self._method)

    @property
    def note(self) -> str:
        """A line that says what to do; "" if nothing is drawn."""
        return "Drag over the plane to draw the walk" if self.active else ""

    def start(self, method: str) -> None:
        """Let the next drag draw a path with `method` between its keyframes."""
        if self._geometry.has_sums:
            self._method = method
        else:
            self._state.post(NO_SUMS)

    def stop(self) -> None:
        """Draw nothing."""
        self._method, self._points = "", []
        self.item.set_points(NOTHING)

    def extend(self, point: QPointF) -> None:
        """Add a point to the path."""
        self._points.append((point.x(), point.y()))
        self.item.set_points(np.array(self._points))

    def end(self) -> None:
        """Make the walk from the path, unless it has no length."""
        drawn, method = np.array(self._points), self._method
        self.stop()
        try:
            places = places_along(drawn, self._geometry.height, method == ON_SHELL)
        except ValueError:
            return
        found = [self._geometry.keyframe_at(float(x), float(y)) for x, y in places]
        keyframes = tuple(keyframe for keyframe in found if keyframe is not None)
        if len(keyframes) == len(places):
            walk = self._state.exploration.walk
            frames = max(walk.frames, len(keyframes))
            walk = replace(walk, times=(), paces=(), pacing=())
            walk = replace(
                walk, keyframes=keyframes, methods=(MethodChoice(method),), frames=frames
            )
            self._state.edit(replace(self._state.exploration, walk=walk), "Draw path")
