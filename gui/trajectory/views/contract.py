"""The base class of the trajectory plot's views, and their registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtWidgets import QWidget

from engine.registry import Registry
from gui.atlas.atlas import Atlas
from gui.atlas.basins import Basins
from gui.state.explorer_state import ExplorerState
from gui.state.thumbnails import Thumbnails
from gui.trajectory.plane.plane_item import PlaneBox, PlaneItem
from gui.widgets.theme import Theme

#: The view that is shown first.
DEFAULT_VIEW = "walk"


@dataclass(frozen=True, slots=True)
class ViewParts:
    """Everything that a view's constructor needs. `box` holds the items of the views."""

    state: ExplorerState
    thumbnails: Thumbnails
    box: PlaneBox
    theme: Theme
    atlas: Atlas
    basins: Basins


class TrajectoryView(QObject):
    """The base class of all views. A view owns its items in the box, and widgets below the plot.

    `label` and `tip` appear in the menu of views, `description` is for screen readers, and `keys`
    explains the keys. Points are in coordinates of the box.

    Signals: fit_requested, when the plot must show everything again.
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
        """Add items to the box, each in front of the one before."""
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

    def take(self, other: TrajectoryView) -> None:
        """Show what `other`, a view of the same class, shows beyond the state."""

    def fit(self) -> None:
        """Zoom to the circle with radius `reach` around the origin, plus `margins`."""
        reach, width, height = self.reach(), self.box.width(), self.box.height()
        left, top, right, bottom = self.margins(min(width, height) / 2.4 / reach)
        free = min(width - left - right, height - top - bottom)
        unit = max(free, min(width, height) / 3, 1.0) / 2 / reach
        x, y = (right - left) / 2 / unit, (top - bottom) / 2 / unit
        half_x, half_y = width / 2 / unit, height / 2 / unit
        self.box.setRange(
            xRange=(x - half_x, x + half_x), yRange=(y - half_y, y + half_y), padding=0
        )

    # ── descriptions ─────────────────────────────────────────────────────────────────────────

    def note(self) -> str:
        """A line that describes what is shown."""
        raise NotImplementedError

    def reading(self, point: QPointF) -> str:
        """Returns a line that describes a point."""
        raise NotImplementedError

    def reach(self) -> float:
        """The radius around the origin that contains everything visible."""
        raise NotImplementedError

    def margins(self, unit: float) -> tuple[float, float, float, float]:
        """Returns the pixels needed left, above, right and below the circle, when 1.0 is `unit`
        pixels."""
        return 0.0, 0.0, 0.0, 0.0

    # ── input ────────────────────────────────────────────────────────────────────────────────

    def press(self, start: QPointF) -> None:
        """Handle the start of a drag with the left button."""

    def drag(self, point: QPointF) -> None:
        """Handle a move of the mouse during a drag."""

    def end_drag(self) -> None:
        """Handle the end of a drag, after its last point."""

    def click(self, point: QPointF) -> None:
        """Handle a click of the left button."""

    def release(self) -> None:
        """Undo the last click, which was the first half of a double click."""

    def nudge(self, direction: QPointF, shifted: bool) -> None:
        """Handle an arrow key. `direction` has length 1; `shifted` is True while Shift is held."""


trajectory_views: Registry[TrajectoryView] = Registry("gui.trajectory.views", "trajectory view")


def view_names() -> tuple[str, ...]:
    """Returns the names of all views, with DEFAULT_VIEW first."""
    return tuple(sorted(trajectory_views.names(), key=lambda name: name != DEFAULT_VIEW))
