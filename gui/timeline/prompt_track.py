"""The timeline's row of prompts, below the ruler, for walks whose prompts differ."""

from __future__ import annotations

from math import isnan

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from engine.walk import Walk
from gui.state.explorer_state import ExplorerState
from gui.timeline.prompt_zones import PromptZone, prompt_zones
from gui.timeline.track import Track
from gui.widgets.theme import UNIT, Theme, mix

HEIGHT = 5 * UNIT
#: Distance within which the mouse grabs a mark, in pixels.
GRIP = 6.0


class PromptTrack(Track):
    """Paints the prompts of the edited walk, each over the frames in which it is the nearer one,
    with a mark at each keyframe or at each prompt with a time of its own. It is hidden if all
    prompts are equal and have no own times."""

    def __init__(self, state: ExplorerState, theme: Theme, parent: QWidget) -> None:
        super().__init__(state, theme, parent)
        self.setFixedHeight(HEIGHT)
        self._walk: Walk | None = None
        self._zones: tuple[PromptZone, ...] = ()
        for signal in (state.results_reset, state.exploration_changed):
            signal.connect(self._refresh)
        self._refresh()

    @property
    def zones(self) -> tuple[PromptZone, ...]:
        """The parts that are shown, in the order of time."""
        return self._zones

    def number_at(self, x: float) -> int | None:
        """Returns the number of the keyframe or key whose prompt is at `x`, in pixels; the nearest
        one beside all."""
        scale = self.scale()
        place = (x - scale.middle(0)) / max(scale.cell, 1e-9)
        inside = (zone for zone in self._zones if place <= zone.last)
        zone = next(inside, self._zones[-1] if self._zones else None)
        return None if zone is None else zone.nearest(place)

    def mark_at(self, x: float) -> int | None:
        """Returns the number of the keyframe or key whose mark is at `x`, or None."""
        marks = ((abs(self.scale().middle(place) - x), n) for place, n in self._marks())
        gap, number = min(marks, default=(GRIP + 1.0, 0))
        return number if gap <= GRIP else None

    def frame_of(self, number: int) -> int:
        """Returns the frame nearest to a keyframe or key."""
        place = next(place for place, other in self._marks() if other == number)
        return min(round(place), self._state.frame_count - 1)

    def _marks(self) -> list[tuple[float, int]]:
        pairs = (p for z in self._zones for p in zip(z.places, z.numbers, strict=True))
        return [(place, number) for place, number in pairs if not isnan(place)]

    def _refresh(self) -> None:
        walk = self._state.exploration.walk
        if walk.frames != self._state.frame_count and self._state.results.lanes:
            walk = self._state.results.lanes[0].lane.walk  # the ruler shows this one, too
        if walk == self._walk:
            return
        self._walk, self._zones = walk, prompt_zones(walk)
        self.setVisible(bool(self._zones))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font(0.82))
        scale = self.scale()
        for number, zone in enumerate(self._zones):
            left = scale.edge(0) if number == 0 else scale.middle(zone.first)
            last = number == len(self._zones) - 1
            right = scale.edge(scale.frames) if last else scale.middle(zone.last)
            box = QRectF(left + 0.5, 1.0, max(right - left - 1.0, 1.0), self.height() - 2.0)
            self._paint_zone(painter, zone, box)

    def _paint_zone(self, painter: QPainter, zone: PromptZone, box: QRectF) -> None:
        theme, scale = self._theme, self.scale()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(mix(theme.background, theme.accent, 0.22)))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(QPen(QColor(theme.accent), 2))
        for place in zone.places:
            if isnan(place):
                continue
            x = min(max(scale.middle(place), box.left() + 1.0), box.right() - 1.0)
            painter.drawLine(QPointF(x, box.bottom() - UNIT), QPointF(x, box.bottom()))
        painter.setPen(QColor(theme.text))
        room = box.adjusted(UNIT, 0, -UNIT, 0)
        text = zone.prompt or "no prompt"
        elided = QFontMetricsF(painter.font()).elidedText(
            text, Qt.TextElideMode.ElideMiddle, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, elided)
