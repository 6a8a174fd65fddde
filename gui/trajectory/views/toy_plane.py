"""The article's toy example: two draws from N(0, I₂) and the methods' paths between them."""

from __future__ import annotations

from math import exp, hypot

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen, QRadialGradient, QTransform

from engine.messages import Points
from engine.methods.contract import crossing_methods, make_method, methods
from engine.walk import MethodChoice
from gui.trajectory.plane.plane_item import PlaneItem, mapped, polyline
from gui.trajectory.views.contract import TrajectoryView, ViewParts, trajectory_views
from gui.widgets.fields import Button
from gui.widgets.theme import UNIT, Theme, tint

#: Number of points of a path, and the interval of the dots that mark equal steps of γ.
STEPS = 121
DOT_EVERY = 12
#: Radius up to which the density is painted, in std.
REACH = 3.6
#: Distance by which an arrow key moves an end, in std.
NUDGE = 0.1
#: A seed whose two draws are far apart, so that the paths differ visibly.
FIRST_SEED = 11


def toy_path(method: str, ends: Points) -> Points:
    """Returns the path [STEPS, 2] of a method between two points `ends` [2, 2]."""
    maker = make_method(MethodChoice(method))
    start, end = ends.astype(np.float64).reshape(2, 1, 1, 2)
    gammas = np.linspace(0.0, 1.0, STEPS)
    return np.stack([maker.latent(start, end, float(g)).ravel() for g in gammas])


def drawn_ends(seed: int) -> Points:
    """Returns two draws [2, 2] from N(0, I₂)."""
    return np.random.default_rng(seed).standard_normal((2, 2))


class ToyItem(PlaneItem):
    """Paints the density of N(0, I₂), the methods' paths between two ends, and their legend."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.ends: Points = np.zeros((2, 2))
        self._paths: dict[str, Points] = {}

    def set_ends(self, ends: Points) -> None:
        """Set the positions of the ends [2, 2]."""
        self.ends = ends
        self._paths = {name: toy_path(name, ends) for name in crossing_methods()}
        self.update()

    # ── painting ─────────────────────────────────────────────────────────────────────────────

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        self._draw_density(painter, screen.map(QPointF(0, 0)), unit)
        for name, path in self._paths.items():
            self._draw_path(painter, mapped(path, screen), self.theme.method_colour(name))
        for letter, place in zip("AB", mapped(self.ends, screen), strict=True):
            self._draw_end(painter, QPointF(*place), letter)
        self._draw_legend(painter, screen.mapRect(self.extent()))

    def _draw_density(self, painter: QPainter, centre: QPointF, unit: float) -> None:
        """Paint the density exp(−r²/2) as brightness, and circles at 1, 2 and 3 std."""
        gradient = QRadialGradient(centre, REACH * unit)
        strength = 0.55 if self.theme.dark else 0.4
        for number in range(25):
            radius = REACH * number / 24
            fade = exp(-0.5 * radius**2) * strength
            gradient.setColorAt(number / 24, tint(self.theme.shell, fade))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(gradient))
        painter.drawEllipse(centre, REACH * unit, REACH * unit)
        painter.setFont(self.theme.font(0.78, digits=True))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for radius in (1, 2, 3):
            painter.setPen(QPen(tint(self.theme.shell, 0.35), 1))
            painter.drawEllipse(centre, radius * unit, radius * unit)
            painter.setPen(QColor(self.theme.text))  # the density lies under it
            painter.drawText(centre + QPointF(4, radius * unit - 4), f"{radius}")

    def _draw_path(self, painter: QPainter, points: Points, colour: str) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        line = polyline(points)
        for width, opacity in ((8.0, 0.12), (2.2, 1.0)):
            painter.strokePath(line, QPen(tint(colour, opacity), width))
        painter.setPen(QPen(QColor(self.theme.canvas), 1))
        painter.setBrush(QColor(colour))
        for place in points[::DOT_EVERY]:
            painter.drawEllipse(QPointF(*place), 3.4, 3.4)

    def _draw_end(self, painter: QPainter, place: QPointF, letter: str) -> None:
        painter.setPen(QPen(QColor(self.theme.canvas), 2))
        painter.setBrush(QColor(self.theme.text))
        painter.drawEllipse(place, 10, 10)
        painter.setFont(self.theme.font(0.85, bold=True))
        painter.setPen(QColor(self.theme.canvas))
        box = QRectF(place.x() - 10, place.y() - 10, 20, 20)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)

    def _draw_legend(self, painter: QPainter, view: QRectF) -> None:
        painter.setFont(self.theme.font(0.88))
        metrics = QFontMetricsF(painter.font())
        line = metrics.height() + 2
        corner = view.topLeft() + QPointF(3 * UNIT, 3 * UNIT)
        for row, name in enumerate(self._paths):
            middle = corner.y() + (row + 0.5) * line
            painter.setPen(QPen(QColor(self.theme.method_colour(name)), 2.6))
            painter.drawLine(QPointF(corner.x(), middle), QPointF(corner.x() + 16, middle))
            painter.setPen(QColor(self.theme.muted))
            label = methods.get(name).label
            painter.drawText(QPointF(corner.x() + 22, middle + metrics.ascent() / 2 - 2), label)


@trajectory_views.register("toy")
class ToyPlane(TrajectoryView):
    """The toy view. Owns the two ends, which are drawn at random or dragged."""

    label = "Toy"
    tip = "The article's example: two draws in two dimensions"
    description = "Toy example: paths between two draws in two dimensions"
    keys = "Arrows move A, with Shift B, with Ctrl the plane · + and − zoom · 0 shows all"

    def __init__(self, parts: ViewParts, parent: QObject) -> None:
        super().__init__(parts, parent)
        self._item = ToyItem(parts.theme)
        self.add_items(self._item)
        self.seed = FIRST_SEED - 1
        self._held = 0
        self.draw()
        self._before = self.ends
        button = Button("New draw", "Draw both ends from N(0, I₂) again", text="New draw")
        button.clicked.connect(self._draw_again)
        self.widgets.append(button)

    def draw(self) -> None:
        """Draw both ends from N(0, I₂) with the next seed."""
        self.seed += 1
        self._item.set_ends(drawn_ends(self.seed))

    def take(self, other: TrajectoryView) -> None:
        """Show the ends of another toy view."""
        if isinstance(other, ToyPlane):
            self.seed = other.seed
            self._item.set_ends(other.ends)

    def _draw_again(self) -> None:
        self.draw()
        self.fit_requested.emit()

    @property
    def ends(self) -> Points:
        """The positions of the two ends [2, 2]."""
        return self._item.ends

    def note(self) -> str:
        """A line that describes what is shown."""
        if np.array_equal(self.ends, drawn_ends(self.seed)):
            return f"Two draws from N(0, I₂), seed {self.seed}: drag A and B"
        (ax, ay), (bx, by) = self.ends
        return f"A ({ax:.2f}, {ay:.2f}) and B ({bx:.2f}, {by:.2f}), as they were moved"

    def reading(self, point: QPointF) -> str:
        """Returns a line that describes a point."""
        return f"({point.x():.2f}, {point.y():.2f}) · |z| {hypot(point.x(), point.y()):.2f}"

    def reach(self) -> float:
        """The radius around the origin that contains everything visible."""
        return max(REACH, 1.1 * float(np.abs(self.ends).max()))

    def press(self, start: QPointF) -> None:
        """Begin to drag the nearer end."""
        gaps = np.hypot(*(self.ends - (start.x(), start.y())).T)
        self._held = int(gaps.argmin())

    def drag(self, point: QPointF) -> None:
        """Move the dragged end to the point."""
        ends = self.ends.copy()
        ends[self._held] = (point.x(), point.y())
        self._item.set_ends(ends)

    def click(self, point: QPointF) -> None:
        """Move the nearer end to the point."""
        self._before = self.ends
        self.press(point)
        self.drag(point)

    def nudge(self, direction: QPointF, shifted: bool) -> None:
        """Move A, or B with Shift, by NUDGE."""
        ends = self.ends.copy()
        ends[int(shifted)] += (NUDGE * direction.x(), NUDGE * direction.y())
        self._item.set_ends(ends)

    def release(self) -> None:
        """Move the end back, after the first half of a double click."""
        self._item.set_ends(self._before)
