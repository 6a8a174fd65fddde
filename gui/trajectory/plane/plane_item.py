"""The base class of the plot's items, and the view box that handles the mouse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QTransform

from engine.messages import Points
from gui.widgets.theme import Theme

#: Most points of a polyline: more of them would not be visible on a screen.
MOST_POINTS = 800
#: Limits of the visible width and height of the plane, in std.
NEAREST, FARTHEST = 0.02, 200.0


class PlaneItem(pg.GraphicsObject):
    """Paints in screen pixels at positions given in the plane's units, so that lines, dots and text
    keep their size at any zoom. `margin` is the distance in pixels by which it paints beyond
    `extent`. An item that does not change with the playhead is `still`: its painting is cached."""

    margin = 0.0
    still = True

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        if self.still:
            self.setCacheMode(self.CacheMode.DeviceCoordinateCache)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self.theme = theme
        self.update()

    def extent(self) -> QRectF:
        """The part of the plane that the item paints on; by default, the visible part."""
        box = self.getViewBox()
        return QRectF(box.viewRect()) if box is not None else QRectF()

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        """Paint the item. `screen` maps the plane to pixels. `unit` is one std in pixels."""
        raise NotImplementedError

    def changed(self) -> None:
        """Repaint after the extent has changed."""
        self.prepareGeometryChange()
        self.update()

    def viewTransformChanged(self) -> None:
        super().viewTransformChanged()
        self.changed()

    def boundingRect(self) -> QRectF:
        box = self.getViewBox()
        pixel = max(box.viewPixelSize()) if box is not None else 0.0
        room = self.margin * pixel
        return self.extent().adjusted(-room, -room, room, room)

    def paint(self, painter: QPainter, *_args: Any) -> None:
        screen = QTransform(painter.worldTransform())
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.draw(painter, screen, float(np.hypot(screen.m11(), screen.m12())))
        painter.restore()


class PlaneBox(pg.ViewBox):
    """A view box with equal axes. The wheel zooms, the right button moves the plane, and the left
    button emits signals.

    Signals, in the plane's units: pressed(start) when a drag of the left button begins;
    dragged(point) while it lasts, and drag_ended at its end; clicked(point); reset_asked on a
    double click; menu_asked(screen position).
    """

    pressed = Signal(QPointF)
    dragged = Signal(QPointF)
    drag_ended = Signal()
    clicked = Signal(QPointF)
    reset_asked = Signal()
    menu_asked = Signal(QPointF)

    def __init__(self) -> None:
        super().__init__(lockAspect=1.0, enableMenu=False)
        self.disableAutoRange()
        # Without limits, pixel coordinates become too large for Qt after many turns of the wheel.
        self.setLimits(minXRange=NEAREST, maxXRange=FARTHEST, minYRange=NEAREST, maxYRange=FARTHEST)
        self.setLimits(xMin=-FARTHEST, xMax=FARTHEST, yMin=-FARTHEST, yMax=FARTHEST)

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        event.accept()
        if event.button() != Qt.MouseButton.LeftButton:
            moved = self.mapToView(event.lastPos()) - self.mapToView(event.pos())
            self.translateBy(x=moved.x(), y=moved.y())
            self.sigRangeChangedManually.emit([True, True])
            return
        if event.isStart():
            self.pressed.emit(self.mapToView(event.buttonDownPos()))
        self.dragged.emit(self.mapToView(event.pos()))
        if event.isFinish():
            self.drag_ended.emit()

    def mouseClickEvent(self, event: Any) -> None:
        event.accept()
        if event.button() == Qt.MouseButton.RightButton:
            self.menu_asked.emit(event.screenPos())
        elif event.double():
            self.reset_asked.emit()
        elif event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(self.mapToView(event.pos()))


def thinned(points: Points, most: int = MOST_POINTS) -> Points:
    """Returns at most `most` of `points` [n, 2] at equal steps of their index, with both ends."""
    if len(points) <= most:
        return points
    return points[np.linspace(0, len(points) - 1, most).round().astype(np.intp)]


def mapped(points: Points, screen: QTransform) -> Points:
    """Maps `points` [n, 2] of the plane to pixels."""
    matrix = np.array([[screen.m11(), screen.m12()], [screen.m21(), screen.m22()]])
    return points @ matrix + (screen.dx(), screen.dy())


def polyline(points: Points) -> QPainterPath:
    """Returns `points` [n, 2] joined by straight lines; empty for fewer than two points."""
    if len(points) < 2:
        return QPainterPath()
    path: QPainterPath = pg.arrayToQPath(points[:, 0], points[:, 1], finiteCheck=False)
    return path


def extent_of(points: Points) -> QRectF:
    """Returns the bounding rectangle of `points` [n, 2]."""
    if not len(points):
        return QRectF()
    (left, low), (right, high) = points.min(axis=0), points.max(axis=0)
    return QRectF(QPointF(left, low), QPointF(right, high))
