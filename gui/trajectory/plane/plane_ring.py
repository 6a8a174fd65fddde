"""The background of the trajectory plot: circles of equal std, and the typical shell."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, exp, floor, hypot, log10, pi, sin, sqrt

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPen,
    QRadialGradient,
    QTransform,
)

from gui.trajectory.plane.plane_item import PlaneItem
from gui.widgets.theme import Theme, tint

#: The band of the shell is drawn with at least this σ, in pixels.
LEAST_SIGMA = 1.6
STOPS = 24


class RingItem(PlaneItem):
    """Paints the shell that contains almost all draws of N(0, I): |z|/√d = 1 ± 3σ."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._sigma = self._height = 0.0

    def set_shell(self, sigma: float, height: float = 0.0) -> None:
        """Set σ, the std of |z|/√d of a draw z: 1/√(2d), and the distance of the plane from the
        origin of latent space, in std."""
        self._sigma, self._height = sigma, height
        self.update()

    def radius(self, std: float) -> float:
        """The radius of the points of this std; 0 where the plane has none."""
        return sqrt(max(std**2 - self._height**2, 0.0))

    def std(self, radius: float) -> float:
        """The std of the points at this radius."""
        return hypot(radius, self._height)

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        centre = screen.map(QPointF(0, 0))
        self._draw_glow(painter, centre, unit)
        self._draw_grid(painter, screen, centre, unit)
        self._draw_band(painter, centre, unit)
        self._draw_name(painter, centre, unit)

    def _draw_glow(self, painter: QPainter, centre: QPointF, unit: float) -> None:
        """Paint a glow on both sides of the shell."""
        strength = 0.30 if self.theme.dark else 0.20

        def alpha(radius: float) -> float:
            gap = abs(self.std(radius) - 1.0)
            return strength * (0.55 * exp(-((gap / 0.07) ** 2)) + 0.45 * exp(-gap / 0.16))

        self._fill_ring(painter, centre, unit, 0.3, 1.7, alpha)

    def _draw_band(self, painter: QPainter, centre: QPointF, unit: float) -> None:
        sigma = max(self._sigma, LEAST_SIGMA / unit)
        strength = 0.62 if self.theme.dark else 0.5

        def alpha(radius: float) -> float:
            return strength * exp(-0.5 * ((self.std(radius) - 1.0) / sigma) ** 2)

        inner, outer = self.radius(max(1.0 - 3.5 * sigma, 0.0)), self.radius(1.0 + 3.5 * sigma)
        self._fill_ring(painter, centre, unit, inner, outer, alpha)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(tint(self.theme.shell, 0.9), 1.2))
        middle = self.radius(1.0) * unit
        painter.drawEllipse(centre, middle, middle)
        if 3 * self._sigma * unit > 5.0:
            painter.setPen(QPen(tint(self.theme.shell, 0.22), 1))
            for std in (1 - 3 * self._sigma, 1 + 3 * self._sigma):
                radius = self.radius(std) * unit
                painter.drawEllipse(centre, radius, radius)

    def _fill_ring(
        self,
        painter: QPainter,
        centre: QPointF,
        unit: float,
        inner: float,
        outer: float,
        alpha: Callable[[float], float],
    ) -> None:
        """Fill the ring between two radii, in std, with the shell's colour at the opacity
        alpha(radius)."""
        gradient = QRadialGradient(centre, outer * unit, centre, inner * unit)
        for number in range(STOPS + 1):
            share = number / STOPS
            opacity = alpha(inner + (outer - inner) * share)
            gradient.setColorAt(share, tint(self.theme.shell, opacity))
        ring = QPainterPath()
        ring.addEllipse(centre, outer * unit, outer * unit)
        ring.addEllipse(centre, inner * unit, inner * unit)
        painter.fillPath(ring, QBrush(gradient))

    def _draw_grid(
        self, painter: QPainter, screen: QTransform, centre: QPointF, unit: float
    ) -> None:
        """Paint circles of equal std at a step that suits the zoom, and the axes of the plane."""
        view = screen.mapRect(self.extent())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self.theme.grid), 1))
        painter.drawLine(QPointF(view.left(), centre.y()), QPointF(view.right(), centre.y()))
        painter.drawLine(QPointF(centre.x(), view.top()), QPointF(centre.x(), view.bottom()))
        painter.setFont(self.theme.font(0.78, digits=True))
        step = nice_std_step(44 / unit)
        near, far = radii(view, centre)
        first, last = (floor(self.std(reach / unit) / step) for reach in (near, far))
        for number in range(max(first, 1), last + 1):
            std = number * step
            radius = self.radius(std) * unit
            if abs(std - 1.0) < max(3 * self._sigma, 8 / unit) or not radius:
                continue
            painter.setPen(QPen(QColor(self.theme.grid), 1))
            painter.drawEllipse(centre, radius, radius)
            self._draw_std(painter, view, centre, radius, f"{std:g}")

    def _draw_std(
        self, painter: QPainter, view: QRectF, centre: QPointF, radius: float, text: str
    ) -> None:
        """Write a circle's std where it crosses the lower diagonal, or where it is visible."""
        middle = view.center() - centre
        towards = hypot(middle.x(), middle.y()) or 1.0
        diagonal = QPointF(cos(1.25 * pi), -sin(1.25 * pi)) * radius
        straight = middle / towards * radius
        place = next((p for p in (diagonal, straight) if view.contains(centre + p)), None)
        if place is None:
            return
        metrics = QFontMetricsF(painter.font())
        box = QRectF(0, 0, metrics.horizontalAdvance(text) + 6, metrics.height())
        box.moveCenter(centre + place)
        painter.fillRect(box, tint(self.theme.canvas, 0.8))
        painter.setPen(QColor(self.theme.faint))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_name(self, painter: QPainter, centre: QPointF, unit: float) -> None:
        """Write the shell's name along its lower part. Rotated letters are painted as outlines."""
        font = self.theme.font(0.82)
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        metrics = QFontMetricsF(font)
        text = "typical shell ±3σ"
        radius = unit * self.radius(1.0 + 3 * self._sigma) + metrics.ascent() + 6
        angle = -metrics.horizontalAdvance(text) / radius / 2
        for count, letter in enumerate(text):
            before, after = (metrics.horizontalAdvance(text[:n]) for n in (count, count + 1))
            turn = angle + (before + after) / 2 / radius
            outline = QPainterPath()
            outline.addText(QPointF((before - after) / 2, radius), font, letter)
            painter.save()
            painter.translate(centre)
            painter.rotate(-turn * 180.0 / pi)
            painter.fillPath(outline, tint(self.theme.shell, 0.95))
            painter.restore()


def nice_std_step(least: float) -> float:
    """Returns the smallest of …, 0.1, 0.25, 0.5, 1, 2.5, … that is at least `least`."""
    magnitude = 10.0 ** floor(log10(least))
    return next(f * magnitude for f in (1.0, 2.5, 5.0, 10.0) if f * magnitude >= least * 0.999)


def radii(view: QRectF, centre: QPointF) -> tuple[float, float]:
    """Returns the least and the greatest distance of points of `view` from `centre`, in pixels."""
    gap_x = max(view.left() - centre.x(), centre.x() - view.right(), 0.0)
    gap_y = max(view.top() - centre.y(), centre.y() - view.bottom(), 0.0)
    far_x = max(abs(view.left() - centre.x()), abs(view.right() - centre.x()))
    far_y = max(abs(view.top() - centre.y()), abs(view.bottom() - centre.y()))
    return hypot(gap_x, gap_y), hypot(far_x, far_y)
