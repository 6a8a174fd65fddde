"""The distance of each latent of the walk from the typical shell, over time."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

from engine.messages import PathReady, Points
from engine.walk import frame_text
from gui.trajectory.plane.plane_item import PlaneItem, mapped, polyline, thinned
from gui.trajectory.plane.plane_path import round_pen
from gui.trajectory.plane.plane_ring import nice_std_step
from gui.trajectory.views.contract import TrajectoryView, ViewParts, trajectory_views
from gui.widgets.text_format import shell_distance
from gui.widgets.theme import UNIT, Theme, tint

#: Half the height of the curves' area; its width is 2, from γ = 0 at −1 to γ = 1 at 1.
HEIGHT = 0.62
#: The least distance that the area shows, in σ. The band is ±3.
LEAST = 4.5
#: Pixels left of the area and below it, for the numbers.
LEFT, BELOW, EDGE = 48.0, 34.0, 14.0


@dataclass(frozen=True, slots=True)
class ShellCurve:
    """The distance in σ at each frame [n], its time, and the method that gives the colour."""

    method: str
    times: Points
    distances: Points


def shell_distances(path: PathReady) -> Points:
    """Returns the distance from the shell at each frame [n], in σ: (|z|/√d − 1)·√(2d).

    A draw of N(0, I) has the distance 0 ± 1, because |z| has the mean √d and the variance ½.
    """
    if path.span is not None:
        norms = np.sqrt(path.span.energy)
    else:
        norms = np.asarray(path.std if path.std is not None else [], np.float64)
    return np.asarray((norms - 1.0) * sqrt(2 * path.dimension), np.float64)


class ShellItem(PlaneItem):
    """Paints the band of ±3σ, the curves, the keyframes' times and the playhead."""

    margin = 60.0
    still = False

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._curves: tuple[ShellCurve, ...] = ()
        self._keyframes: tuple[float, ...] = ()
        self._gamma = 0.0
        self.reach = LEAST

    def set_curves(self, curves: tuple[ShellCurve, ...], keyframes: tuple[float, ...]) -> None:
        """Set the curves, the first one last in front, and the times of the keyframes in 0…1."""
        self._curves, self._keyframes = curves, keyframes
        most = max((float(np.abs(c.distances).max(initial=0.0)) for c in curves), default=0.0)
        self.reach = max(1.1 * most, LEAST)
        self.changed()

    def set_gamma(self, gamma: float) -> None:
        """Set the time of the playhead, in 0…1."""
        self._gamma = gamma
        self.update()

    def place(self, gamma: float, distance: float) -> QPointF:
        """Returns the point of a time and a distance in σ."""
        return QPointF(2.0 * gamma - 1.0, HEIGHT * distance / self.reach)

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        self._draw_band(painter, screen)
        self._draw_axes(painter, screen, unit)
        for curve in reversed(self._curves):
            points = thinned(self._points(curve))
            colour = self.theme.method_colour(curve.method)
            for width, opacity in ((8.0, 0.14), (2.2, 1.0)):
                pen = round_pen(tint(colour, opacity), width)
                painter.strokePath(polyline(mapped(points, screen)), pen)
        self._draw_playhead(painter, screen)

    def _points(self, curve: ShellCurve) -> Points:
        return np.stack([2.0 * curve.times - 1.0, HEIGHT * curve.distances / self.reach], axis=1)

    def _draw_band(self, painter: QPainter, screen: QTransform) -> None:
        band = QRectF(screen.map(self.place(0.0, 3.0)), screen.map(self.place(1.0, -3.0)))
        painter.fillRect(band, tint(self.theme.shell, 0.22))
        painter.setPen(QPen(tint(self.theme.shell, 0.9), 1.2))
        painter.drawLine(screen.map(self.place(0.0, 0.0)), screen.map(self.place(1.0, 0.0)))
        painter.setFont(self.theme.font(0.82))
        painter.setPen(tint(self.theme.shell, 0.95))
        painter.drawText(band.topLeft() + QPointF(UNIT, -UNIT), "typical shell ±3σ")

    def _draw_axes(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        """Paint lines of equal distance and the times of the keyframes, with numbers."""
        painter.setFont(self.theme.font(0.78, digits=True))
        step = max(nice_std_step(36.0 * self.reach / HEIGHT / unit), 1.0)
        for number in range(-int(self.reach / step), int(self.reach / step) + 1):
            left = screen.map(self.place(0.0, number * step))
            painter.setPen(QPen(QColor(self.theme.grid), 1))
            painter.drawLine(left, screen.map(self.place(1.0, number * step)))
            painter.setPen(QColor(self.theme.faint))
            box = QRectF(left.x() - LEFT, left.y() - 8, LEFT - UNIT, 16)
            alignment = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, alignment, f"{number * step:+g} σ" if number else "0")
        bottom = -self.reach
        for gamma in self._keyframes:
            at = screen.map(self.place(gamma, bottom))
            painter.setPen(QPen(QColor(self.theme.grid), 1))
            painter.drawLine(at, screen.map(self.place(gamma, self.reach)))
        for number in range(5):
            at = screen.map(self.place(number / 4, bottom))
            painter.setPen(QColor(self.theme.faint))
            box = QRectF(at.x() - 24, at.y() + 2, 48, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"γ {number / 4:g}")

    def _draw_playhead(self, painter: QPainter, screen: QTransform) -> None:
        painter.setPen(QPen(QColor(self.theme.text), 1))
        top, bottom = (screen.map(self.place(self._gamma, y)) for y in (self.reach, -self.reach))
        painter.drawLine(top, bottom)


@trajectory_views.register("shell")
class ShellDistance(TrajectoryView):
    """The view of the distance from the shell over γ, for all lanes. The mouse seeks."""

    label = "Shell"
    tip = "The distance of the latents from the typical shell over the walk, in σ"
    description = "Distance of the walk's latents from the typical shell"
    keys = "Left and right move the playhead, with Shift by ten frames · + and − zoom · 0 shows all"

    def __init__(self, parts: ViewParts, parent: QObject) -> None:
        super().__init__(parts, parent)
        self._state = parts.state
        self._item = ShellItem(parts.theme)
        self.add_items(self._item)
        for signal in (self._state.path_changed, self._state.results_reset):
            signal.connect(self._show_curves)
        self._state.playhead_changed.connect(self._show_playhead)
        self._show_curves()

    def fit(self) -> None:
        """Zoom to the area of the curves and its numbers."""
        width, height = self.box.width() - LEFT - EDGE, self.box.height() - BELOW - EDGE
        unit = max(min(width / 2.0, height / (2 * HEIGHT)), 1.0)
        x, y = (EDGE - LEFT) / 2 / unit, (EDGE - BELOW) / 2 / unit
        half_x, half_y = self.box.width() / 2 / unit, self.box.height() / 2 / unit
        self.box.setRange(
            xRange=(x - half_x, x + half_x), yRange=(y - half_y, y + half_y), padding=0
        )

    # ── descriptions ─────────────────────────────────────────────────────────────────────────

    def note(self) -> str:
        """A line that says how many of the first lane's frames are on the shell."""
        curves = self._curves()
        if not curves:
            return "Render a walk to see its distance from the shell"
        distances = curves[0].distances
        inside = int((np.abs(distances) <= 3.0).sum())
        farthest = float(distances[np.argmax(np.abs(distances))])
        return f"{inside} of {len(distances)} frames within ±3σ · farthest {farthest:+.1f} σ"

    def reading(self, point: QPointF) -> str:
        """Returns a line that describes the frame at a point."""
        index, curves = self._frame_at(point), self._curves()
        if not curves:
            return self.note()
        distance = float(curves[0].distances[index])
        gamma = float(curves[0].times[index])
        return f"γ {gamma:.2f} · {distance:+.1f} σ · {shell_distance(distance)} · " + frame_text(
            index
        )

    def reach(self) -> float:
        """Half the width of the area."""
        return 1.0

    # ── input ────────────────────────────────────────────────────────────────────────────────

    def drag(self, point: QPointF) -> None:
        """Move the playhead to the time of the point."""
        self._state.seek(self._frame_at(point))

    def click(self, point: QPointF) -> None:
        """Move the playhead to the time of the point."""
        self.drag(point)

    def nudge(self, direction: QPointF, shifted: bool) -> None:
        """Move the playhead by one frame, with Shift by ten."""
        self._state.seek(self._state.playhead + round(direction.x()) * (10 if shifted else 1))

    def _frame_at(self, point: QPointF) -> int:
        lanes = self._state.results.lanes
        return lanes[0].frame_at((point.x() + 1.0) / 2.0) if lanes else 0

    # ── the state ────────────────────────────────────────────────────────────────────────────

    def _curves(self) -> tuple[ShellCurve, ...]:
        return tuple(
            ShellCurve(lane.lane.walk.method_of(0).name, lane.times, shell_distances(lane.path))
            for lane in self._state.results.lanes
            if lane.path is not None
        )

    def _show_curves(self) -> None:
        curves, lanes = self._curves(), self._state.results.lanes
        if curves or not lanes:
            times: tuple[float, ...] = ()
            if lanes:
                walk = lanes[0].lane.walk
                times = tuple(walk.time_of(index) for index in walk.keyframe_indices())
            self._item.set_curves(curves, times)
        self._show_playhead()

    def _show_playhead(self) -> None:
        lanes = self._state.results.lanes
        walk = lanes[0].lane.walk if lanes else self._state.exploration.walk
        self._item.set_gamma(walk.time_of(self._state.playhead))
