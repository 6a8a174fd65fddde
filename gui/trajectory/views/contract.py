"""A view of the trajectory plot, and the registry of all views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtWidgets import QWidget

from engine.registry import Registry
from gui.state.explorer_state import ExplorerState
from gui.state.thumbnails import Thumbnails
from gui.trajectory.plane.plane_item import PlaneBox, PlaneItem
from gui.widgets.theme import Theme

#: The view that the plot begins with.
DEFAULT_VIEW = "walk"


@dataclass(frozen=True, slots=True)
class ViewParts:
    """What every view is made with: `box` is the part of the plot that holds its items."""

    state: ExplorerState
    thumbnails: Thumbnails
    box: PlaneBox
    theme: Theme


class TrajectoryView(QObject):
    """Base of all views. A view owns its items in the box, and widgets that stand below the plot.

    `label` and `tip` stand in the menu of views, `description` is read aloud, `keys` says what the
    keys do. Points are coordinates of the box.

    Signals: fit_requested, when the plot has to show everything again.
    """

    label: ClassVar[str]
    tip: ClassVar[str]
    description: ClassVar[str]
    keys: ClassVar[str]

    fit_requested = Signal()

    def __init__(self, parts: ViewParts, parent: QObject) -> None:
        super().__init__(parent)
        self.box = parts.box
        self.items: list[PlaneItem] = []
        self.widgets: list[QWidget] = []

    def add_items(self, *items: PlaneItem) -> None:
        """Put items into the box, each in front of those before it."""
        for item in items:
            item.setZValue(len(self.items))
            self.box.addItem(item, ignoreBounds=True)
            self.items.append(item)

    def set_visible(self, visible: bool) -> None:
        """Show or hide the items and widgets."""
        for item in self.items:
            item.setVisible(visible)
        for widget in self.widgets:
            widget.setVisible(visible)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        for item in self.items:
            item.set_theme(theme)

    def fit(self) -> None:
        """Show everything within `reach` of the origin, with `margins` around it."""
        reach, width, height = self.reach(), self.box.width(), self.box.height()
        left, top, right, bottom = self.margins(min(width, height) / 2.4 / reach)
        free = min(width - left - right, height - top - bottom)
        unit = max(free, min(width, height) / 3, 1.0) / 2 / reach
        x, y = (right - left) / 2 / unit, (top - bottom) / 2 / unit
        half_x, half_y = width / 2 / unit, height / 2 / unit
        self.box.setRange(
            xRange=(x - half_x, x + half_x), yRange=(y - half_y, y + half_y), padding=0
        )

    # ── what a view says ─────────────────────────────────────────────────────────────────────

    def note(self) -> str:
        """One line on what is shown."""
        raise NotImplementedError

    def reading(self, point: QPointF) -> str:
        """What is at a point."""
        raise NotImplementedError

    def reach(self) -> float:
        """The distance from the origin within which there is something to see."""
        raise NotImplementedError

    def margins(self, unit: float) -> tuple[float, float, float, float]:
        """Pixels needed left, top, right and bottom of the reach, when 1.0 is `unit` pixels."""
        return 0.0, 0.0, 0.0, 0.0

    # ── what a view answers to ───────────────────────────────────────────────────────────────

    def press(self, start: QPointF) -> None:
        """A drag of the left button begins."""

    def drag(self, point: QPointF) -> None:
        """The mouse has moved since `press`."""

    def click(self, point: QPointF) -> None:
        """The left button was clicked."""

    def release(self) -> None:
        """The last click was the first half of a double click: undo what it did."""

    def nudge(self, direction: QPointF, shifted: bool) -> None:
        """An arrow key was pressed; `direction` has length 1, `shifted` says that Shift is held."""


trajectory_views: Registry[TrajectoryView] = Registry("gui.trajectory.views", "trajectory view")


def view_names() -> tuple[str, ...]:
    """The names of all views, the one that the plot begins with first."""
    return tuple(sorted(trajectory_views.names(), key=lambda name: name != DEFAULT_VIEW))
