"""The walk in the trajectory plot: the curves of all methods, the walk's path, and its frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from math import isnan

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPen,
    QTransform,
)

from engine.messages import Curve, Points, Tier
from gui.trajectory.plane.plane_item import PlaneItem, extent_of, mapped, polyline, thinned
from gui.widgets.theme import UNIT, Theme, tint

Steps = npt.NDArray[np.float64]
NOTHING: Points = np.empty((0, 2))
#: Dots closer than this, in pixels, are left out.
DOT_SPACING = 11.0
DOT, RIM = 2.7, 1.2
#: Number of segments of the trail behind the playhead, and the share of the walk it covers.
TRAIL = 12
#: Most steps that are painted in their own colours. Of a longer walk, neighbours share one.
MOST_STEPS = 1000
TRAIL_SHARE = 0.14
#: The frames that are drawn as dots, and their positions on the screen.
_Placed = tuple[list[int], npt.NDArray[np.object_]]


class CurvesItem(PlaneItem):
    """Paints the paths of all methods as thin curves with names in their colours. `occupied`
    returns rectangles in pixels that names must not overlap."""

    margin = 100.0

    def __init__(self, theme: Theme, occupied: Callable[[QTransform], list[QRectF]]) -> None:
        super().__init__(theme)
        self._occupied = occupied
        self._curves: tuple[Curve, ...] = ()
        self._strong = ""
        self._extent = QRectF()

    def set_curves(self, curves: tuple[Curve, ...], strong: str) -> None:
        """Set the curves. For the method `strong`, only the name is painted; `PathItem` paints its
        curve."""
        self._curves = tuple(replace(c, points=thinned(c.points)) for c in curves)
        self._strong = strong
        self._extent = extent_of(np.concatenate([NOTHING, *(c.points for c in curves)]))
        self.changed()

    def extent(self) -> QRectF:
        return self._extent

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        for curve in self._curves:
            if curve.method != self._strong:
                painter.setPen(QPen(tint(self.theme.method_colour(curve.method), 0.85), 1.4))
                painter.drawPath(polyline(mapped(curve.points, screen)))
        for method, box in self.names(screen, unit).items():
            self._draw_name(painter, method, box)

    def names(self, screen: QTransform, unit: float) -> dict[str, QRectF]:
        """Returns the rectangles of the methods' names, in pixels. The strong one is placed first,
        and the others avoid it; a name without a free place is left out. `unit` is one std in
        pixels."""
        taken, result = self._occupied(screen), {}
        centre = screen.map(QPointF(0, 0))
        for curve in sorted(self._curves, key=lambda curve: curve.method != self._strong):
            metrics = QFontMetricsF(self._font(curve.method))
            size = QRectF(0, 0, metrics.horizontalAdvance(curve.method) + UNIT, metrics.height())
            places = self._places(mapped(curve.points, screen), size, centre, unit)
            free = [b for b in places if not any(b.intersects(other) for other in taken)]
            if free or curve.method == self._strong:
                result[curve.method] = (free or places)[0]
                taken.append(result[curve.method])
        return result

    def _draw_name(self, painter: QPainter, method: str, box: QRectF) -> None:
        painter.setFont(self._font(method))
        painter.setPen(QColor(self.theme.method_ink(method)))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, method)

    def _font(self, method: str) -> QFont:
        strong = method == self._strong
        return self.theme.font(0.92 if strong else 0.84, bold=strong)

    def _places(self, points: Points, size: QRectF, centre: QPointF, unit: float) -> list[QRectF]:
        """Returns possible rectangles of a name beside its curve: outside of a curve on the shell,
        inside of any other; then those on the other side."""
        boxes = []
        for side, share in product((1.0, -1.0), (0.5, 0.3, 0.7, 0.17, 0.83)):
            number = round(share * (len(points) - 1))
            point = QPointF(*points[number])
            away = _beside(points, number, point - centre, unit) * side
            half = abs(away.x()) * size.width() / 2 + abs(away.y()) * size.height() / 2
            box = QRectF(size)
            box.moveCenter(point + away * (half + 2.5 * UNIT))
            boxes.append(box)
        return boxes


def _beside(points: Points, number: int, offset: QPointF, unit: float) -> QPointF:
    """Returns the unit vector from a point of a path to the place beside it: outwards from a point
    on the shell, else inwards; downwards for a path that is a ray. `offset` is the point's offset
    from the origin, in pixels."""
    before, after = points[max(number - 1, 0)], points[min(number + 1, len(points) - 1)]
    along = QPointF(*(after - before))
    radius = max(float(np.hypot(offset.x(), offset.y())), 1e-9)
    length = max(float(np.hypot(along.x(), along.y())), 1e-9)
    if abs(QPointF.dotProduct(along, offset)) > 0.95 * length * radius:
        across = QPointF(-along.y(), along.x()) / length
        return across if across.y() > 0.0 else -across
    return offset / radius if radius > 0.97 * unit else -offset / radius


class PathItem(PlaneItem):
    """Paints the path of the walk as a thick line with a glow."""

    margin = 8.0

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._points, self._extent = NOTHING, QRectF()
        self._method = ""
        self._frames: Points = NOTHING
        self._speeds: Steps = np.empty(0)

    def set_path(self, points: Points, method: str) -> None:
        """Set the walk's points [n, 2] in order, and the method that gives the colour."""
        self._points, self._method = thinned(points), method
        self._extent = extent_of(points)
        self.changed()

    def set_steps(self, frames: Points, steps: Steps) -> None:
        """Set the frames' positions [n, 2] and the visible steps between them [n−1], NaN if
        unknown; or none at all. Known steps are painted in colours, from blue for a standing
        picture over the path's own grey at the median to red for three times the median."""
        known = steps[np.isfinite(steps)]
        middle = float(np.median(known)) if known.size else 0.0
        every = max(-(-len(steps) // MOST_STEPS), 1)
        whole = len(steps) // every * every
        speeds = steps[:whole].reshape(-1, every).mean(axis=1) / (middle or 1.0)
        self._speeds = speeds if middle else steps[:0]
        self._frames = frames[: whole + 1 : every] if middle else NOTHING
        self.changed()

    def extent(self) -> QRectF:
        return self._extent

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        line = polyline(mapped(self._points, screen))
        self._draw_line(painter, line)
        points = mapped(self._frames, screen)
        for number, speed in enumerate(self._speeds.tolist()):
            if not isnan(speed):
                painter.setPen(round_pen(self.theme.speed_colour(speed), 5.0))
                painter.drawLine(QPointF(*points[number]), QPointF(*points[number + 1]))

    def _draw_line(self, painter: QPainter, line: QPainterPath) -> None:
        colour = self.theme.method_colour(self._method)
        for width, opacity in ((11.0, 0.10), (6.0, 0.18), (2.0, 0.9)):
            painter.strokePath(line, round_pen(tint(colour, opacity), width))


class TrailItem(PlaneItem):
    """Paints a fading trail on the path behind the playhead."""

    margin = 8.0
    still = False

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._points, self._extent = NOTHING, QRectF()
        self._method = ""

    def set_trail(self, points: Points, method: str) -> None:
        """Set the frames' positions [n, 2] up to the playhead, and the method of the colour."""
        self._points, self._method = thinned(points, TRAIL), method
        self._extent = extent_of(self._points)
        self.changed()

    def extent(self) -> QRectF:
        return self._extent

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        points = mapped(self._points, screen)
        colour = self.theme.method_colour(self._method)
        for number in range(1, len(points)):
            age = number / (len(points) - 1)
            painter.setPen(round_pen(tint(colour, 0.75 * age**2), 2.0 + 6.0 * age))
            painter.drawLine(QPointF(*points[number - 1]), QPointF(*points[number]))


class DotsItem(PlaneItem):
    """Paints frames as dots: hollow if missing, half filled for a preview, filled if final, and a
    cross if failed. Dots that would touch others are left out."""

    margin = 6.0

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._points, self._extent = NOTHING, QRectF()
        self._tiers: npt.NDArray[np.uint8] = np.empty(0, np.uint8)
        self._method = ""
        self._placed: tuple[QTransform, _Placed] | None = None

    def set_frames(self, points: Points, tiers: npt.NDArray[np.uint8], method: str) -> None:
        """Set the frames' positions [n, 2] and tiers [n]. Each repaint reads the tiers again."""
        self._points, self._tiers, self._method = points, tiers, method
        self._extent, self._placed = extent_of(points), None
        self.changed()

    def extent(self) -> QRectF:
        return self._extent

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        shown, places = self._places(screen)
        tiers = self._tiers[shown]
        # All dots of a kind are one path, because every new frame repaints them.
        colour = QColor(self.theme.method_colour(self._method))
        painter.setPen(round_pen(colour, 2 * DOT + RIM))
        painter.drawPoints(places[tiers != Tier.FAILED].tolist())
        painter.setPen(round_pen(QColor(self.theme.canvas), 2 * DOT - RIM))
        painter.drawPoints(places[tiers < Tier.FINAL].tolist())
        begun = (tiers == Tier.PREVIEW) | (tiers == Tier.DRAFT)
        painter.fillPath(_halves(places[begun].tolist()), colour)
        painter.setPen(QPen(QColor(self.theme.failed), 1.6))
        for place in places[tiers == Tier.FAILED]:
            for way in (QPointF(3, 3), QPointF(3, -3)):
                painter.drawLine(place - way, place + way)

    def _places(self, screen: QTransform) -> _Placed:
        """Returns the frames that are drawn and their positions; cached until the view changes."""
        if self._placed is None or self._placed[0] != screen:
            points = mapped(self._points, screen)
            shown = spread(points, DOT_SPACING)
            places = np.array([QPointF(*point) for point in points[shown]], dtype=object)
            self._placed = QTransform(screen), (shown, places)
        return self._placed[1]


def _halves(places: list[QPointF]) -> QPainterPath:
    """Returns a path with the right half of a dot at each position."""
    path = QPainterPath()
    for place in places:
        path.moveTo(place)
        path.arcTo(place.x() - DOT, place.y() - DOT, 2 * DOT, 2 * DOT, -90, 180)
    return path


def round_pen(colour: QColor, width: float) -> QPen:
    """Returns a pen with round caps and joins."""
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def spread(points: Points, spacing: float) -> list[int]:
    """Returns indices of `points` [n, 2] that are at least `spacing` apart along the path."""
    if len(points) < 2:
        return list(range(len(points)))
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    if lengths[-1] / (len(points) - 1) >= spacing:
        return list(range(len(points)))
    marks = np.arange(0.0, lengths[-1], spacing)
    return [*np.unique(np.searchsorted(lengths, marks)).tolist(), len(points) - 1]
