"""Marks of the trajectory plot: keyframes with pictures, the playhead, the probed point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QPainter,
    QPen,
    QPixmap,
    QRadialGradient,
    QTransform,
)

from engine.messages import Points
from gui.trajectory.plane.plane_item import PlaneItem, extent_of, mapped, thinned
from gui.trajectory.plane.plane_path import NOTHING
from gui.widgets.qt_images import draw_rounded
from gui.widgets.text_format import keyframe_letter
from gui.widgets.theme import UNIT, Theme, tint

PICTURE = 11.0 * UNIT
#: The side of a keyframe's letter.
LETTER = 15.0
#: Number of the path's points that pictures and names avoid.
PATH_POINTS = 200


class KeyframesItem(PlaneItem):
    """Paints keyframes as marks with letters and pictures. A picture is away from the middle, or
    where it covers least of the path. A picture that would cover another is left out. A keyframe
    that the walk does not pass has its letter only."""

    margin = 2 * PICTURE

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._points = self._path = NOTHING
        self._pictures: list[QPixmap | None] = []
        self._passed: Sequence[bool] = ()

    def set_keyframes(self, points: Points, path: Points, passed: Sequence[bool]) -> None:
        """Set the positions of the keyframes [k, 2], those of the path [n, 2] to keep visible, and
        for each keyframe whether the walk passes it."""
        self._points, self._path = points, thinned(path, PATH_POINTS)
        self._passed = passed
        self._pictures = [None] * len(points)
        self.changed()

    def set_pictures(self, pictures: list[QPixmap | None]) -> None:
        """Set one thumbnail for each keyframe, or None."""
        self._pictures = pictures
        self.update()

    def extent(self) -> QRectF:
        return extent_of(self._points)

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        for number, box in self.boxes(screen).items():
            if self._passed[number]:
                self._draw_picture(painter, box, self._pictures[number])
            self._draw_letter(painter, box, keyframe_letter(number))
        for place in mapped(self._points, screen):
            self._draw_mark(painter, QPointF(*place))

    def occupied(self, screen: QTransform) -> list[QRectF]:
        """Returns the rectangles of the pictures and letters, in pixels."""
        return list(self.boxes(screen).values())

    def boxes(self, screen: QTransform) -> dict[int, QRectF]:
        """Returns the rectangles of the pictures, or of the letter alone, by the number of the
        keyframe, in pixels."""
        centre, path = screen.map(QPointF(0, 0)), mapped(self._path, screen)
        taken: dict[int, QRectF] = {}
        for number, place in enumerate(mapped(self._points, screen)):
            boxes = picture_boxes(QPointF(*place), centre, _side_of(self._passed[number]))
            free = [b for b in boxes if not any(b.intersects(other) for other in taken.values())]
            if free:
                taken[number] = min(free, key=lambda box: _covered(box, path))
        return taken

    def _draw_mark(self, painter: QPainter, point: QPointF) -> None:
        painter.setPen(QPen(QColor(self.theme.text), 1.8))
        painter.setBrush(QColor(self.theme.canvas))
        painter.drawEllipse(point, 4.5, 4.5)

    def _draw_picture(self, painter: QPainter, box: QRectF, pixmap: QPixmap | None) -> None:
        frame = box.adjusted(-1.5, -1.5, 1.5, 1.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.line))
        painter.drawRoundedRect(frame, 6, 6)
        if pixmap is None:
            painter.setBrush(QColor(self.theme.surface))
            painter.drawRoundedRect(box, 5, 5)
        else:
            draw_rounded(painter, box, pixmap, 5)

    def _draw_letter(self, painter: QPainter, box: QRectF, letter: str) -> None:
        inset = min(2.0, (box.width() - LETTER) / 2)
        chip = QRectF(box.left() + inset, box.top() + inset, LETTER, LETTER)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint("#0b0c10", 0.66))
        painter.drawRoundedRect(chip, 4, 4)
        painter.setFont(self.theme.font(0.78, bold=True))
        painter.setPen(QColor("#f1f2f5"))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, letter)


def pixels_beyond(x: float, y: float, passed: bool, reach: float, unit: float) -> list[float]:
    """Returns by how many pixels a keyframe's picture or letter is further left, above, right and
    below than the circle of radius `reach`, when one std is `unit` pixels long."""
    side = _side_of(passed)
    away = _distance_of(side) / max(float(np.hypot(x, y)), 1e-9)
    return [(a - reach) * unit + a * away + side / 2 + UNIT for a in (-x, y, x, -y)]


def _side_of(passed: bool) -> float:
    """The side of a keyframe's rectangle: a picture, or a letter where no walk passes."""
    return PICTURE if passed else LETTER


def _distance_of(side: float) -> float:
    """The pixels between a keyframe and the middle of its rectangle."""
    return side * 0.62 + 2 * UNIT


def picture_boxes(point: QPointF, centre: QPointF, side: float = PICTURE) -> list[QRectF]:
    """Returns the possible rectangles of a keyframe's picture with a `side` in pixels: away from
    the middle, or beside."""
    outward = point - centre
    length = float(np.hypot(outward.x(), outward.y()))
    away = outward / length if length > 1.0 else QPointF(0, -1)
    boxes = []
    for way in (away, QPointF(away.y(), -away.x()), QPointF(-away.y(), away.x())):
        box = QRectF(0, 0, side, side)
        box.moveCenter(point + way * _distance_of(side))
        boxes.append(box)
    return boxes


def _covered(box: QRectF, path: Points) -> int:
    """Counts the points of the path [n, 2] inside the box."""
    inside = (path > (box.left(), box.top())) & (path < (box.right(), box.bottom()))
    return int(inside.all(axis=1).sum())


class PlayheadItem(PlaneItem):
    """Paints the playhead as a glowing dot, with a small dot for each further lane."""

    margin = 24.0
    still = False

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._points = NOTHING
        self._methods: tuple[str, ...] = ()

    def set_places(self, points: Points, methods: tuple[str, ...]) -> None:
        """Set the positions of the lanes' playheads [n, 2], the first lane's first, and their
        methods."""
        self._points, self._methods = points, methods
        self.changed()

    def extent(self) -> QRectF:
        return extent_of(self._points)

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        places = [QPointF(*place) for place in mapped(self._points, screen)]
        for place, method in list(zip(places, self._methods, strict=True))[1:]:
            painter.setPen(QPen(QColor(self.theme.canvas), 1.5))
            painter.setBrush(QColor(self.theme.method_colour(method)))
            painter.drawEllipse(place, 5, 5)
        if places:
            self._draw_glow(painter, places[0], self.theme.method_colour(self._methods[0]))

    def _draw_glow(self, painter: QPainter, place: QPointF, colour: str) -> None:
        glow = QRadialGradient(place, 22)
        for share, opacity in ((0.0, 0.85), (0.3, 0.5), (0.6, 0.16), (1.0, 0.0)):
            glow.setColorAt(share, tint(colour, opacity))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(glow)
        painter.drawEllipse(place, 22, 22)
        painter.setPen(QPen(QColor(colour), 2.5))
        painter.setBrush(QColor("#ffffff"))
        painter.drawEllipse(place, 6.5, 6.5)


class ProbeItem(PlaneItem):
    """Paints the probed point as a crosshair, with a label."""

    margin = 340.0
    still = False

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._point: QPointF | None = None
        self._text = ""
        self._waiting = False

    @property
    def point(self) -> QPointF | None:
        """The position of the crosshair, or None."""
        return self._point

    def set_probe(self, point: QPointF | None, text: str = "", *, waiting: bool = False) -> None:
        """Set the point, in units of std, and the text of its label. None hides it."""
        self._point, self._text, self._waiting = point, text, waiting
        self.changed()

    def extent(self) -> QRectF:
        return QRectF(self._point, self._point) if self._point is not None else QRectF()

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        if self._point is None:
            return
        at = screen.map(self._point)
        for width, colour in ((4.0, tint(self.theme.canvas, 0.7)), (1.6, QColor(self.theme.text))):
            pen = QPen(colour, width)
            pen.setStyle(Qt.PenStyle.DotLine if self._waiting else Qt.PenStyle.SolidLine)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, 8, 8)
            for way in (QPointF(1, 0), QPointF(0, 1), QPointF(-1, 0), QPointF(0, -1)):
                painter.drawLine(at + way * 8, at + way * 15)
        self._draw_text(painter, at, screen.mapRect(super().extent()))

    def _draw_text(self, painter: QPainter, at: QPointF, room: QRectF) -> None:
        if not self._text:
            return
        painter.setFont(self.theme.font(0.86, digits=True))
        metrics = QFontMetricsF(painter.font())
        size = QSizeF(metrics.horizontalAdvance(self._text) + 3 * UNIT, metrics.height() + UNIT)
        box = label_box(size, at, room)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint(self.theme.surface, 0.92))
        painter.drawRoundedRect(box, UNIT, UNIT)
        painter.setPen(QColor(self.theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._text)


def label_box(size: QSizeF, at: QPointF, room: QRectF) -> QRectF:
    """Returns the rectangle of a label: beside the point `at`; if neither side is wide enough,
    below or above it. The rectangle stays inside `room`."""
    box, gap = QRectF(QPointF(0, 0), size), 20.0
    box.moveCenter(at)
    if at.x() + gap + size.width() <= room.right():
        box.moveLeft(at.x() + gap)
    elif at.x() - gap - size.width() >= room.left():
        box.moveRight(at.x() - gap)
    elif at.y() + gap + size.height() <= room.bottom():
        box.moveTop(at.y() + gap)
    else:
        box.moveBottom(at.y() - gap)
    box.moveLeft(max(min(box.left(), room.right() - size.width()), room.left()))
    box.moveTop(max(min(box.top(), room.bottom() - size.height()), room.top()))
    return box
