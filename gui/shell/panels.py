"""The panels around the viewer, their default sizes, and the reset to these."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QWidget

from gui.shell.panel_title import PanelTitle
from gui.widgets.theme import Theme

#: Default widths and heights of the panels, in pixels of the window's default size.
WIDTHS = {"walk": 330, "trajectory": 400}
HEIGHTS = {"trajectory": 400, "measures": 250}
#: Height of each further chart of measures, in pixels.
CHART = 90


class Panels(QObject):
    """Owns the docks of the window, by name. The docks of the plots are empty until `put`."""

    def __init__(self, window: QMainWindow, walk: QWidget, below: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window, self._theme = window, theme
        self._titles: list[PanelTitle] = []
        areas = Qt.DockWidgetArea
        for corner in (Qt.Corner.BottomLeftCorner, Qt.Corner.BottomRightCorner):
            window.setCorner(corner, areas.BottomDockWidgetArea)
        right = areas.RightDockWidgetArea
        self.docks = {
            "walk": self._dock("Walk", areas.LeftDockWidgetArea, walk),
            "trajectory": self._dock("Trajectory", right, _Space(HEIGHTS["trajectory"])),
            "measures": self._dock("Measures", right, _Space(HEIGHTS["measures"])),
            "timeline": self._dock("Timeline", areas.BottomDockWidgetArea, below),
        }
        self.reset()

    def _dock(self, title: str, area: Qt.DockWidgetArea, view: QWidget) -> QDockWidget:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(title.lower())
        head = PanelTitle(dock, self._theme)
        self._titles.append(head)
        dock.setTitleBarWidget(head)
        dock.setWidget(view)
        self._window.addDockWidget(area, dock)
        return dock

    def put(self, name: str, view: QWidget) -> None:
        """Put a view into the dock that was reserved for it."""
        space = self.docks[name].widget()
        self.docks[name].setWidget(view)
        space.deleteLater()
        # The view is created last, so its place in the tab order is set here: after its title.
        parts = [self.docks[name].titleBarWidget(), view]
        widgets = [w for part in parts for w in (part, *part.findChildren(QWidget))]
        fields = [w for w in widgets if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
        for first, second in pairwise(fields):
            QWidget.setTabOrder(first, second)

    def reset(self) -> None:
        """Show all panels, docked, in their default sizes."""
        for dock in self.docks.values():
            dock.setFloating(False)
            dock.show()
        for sizes, direction in (
            (WIDTHS, Qt.Orientation.Horizontal),
            (HEIGHTS, Qt.Orientation.Vertical),
        ):
            docks = [self.docks[name] for name in sizes]
            self._window.resizeDocks(docks, list(sizes.values()), direction)

    def share(self, charts: int) -> None:
        """Divide the right side between the trajectory plot and `charts` charts."""
        docks = [self.docks[name] for name in HEIGHTS]
        self.docks["measures"].widget().updateGeometry()
        heights = [HEIGHTS["trajectory"], HEIGHTS["measures"] + CHART * max(charts - 1, 0)]
        self._window.resizeDocks(docks, heights, Qt.Orientation.Vertical)

    def fit_timeline(self) -> None:
        """Make the timeline as high as its rows need."""
        dock = self.docks["timeline"]
        dock.widget().updateGeometry()  # otherwise the dock uses its old size hint
        height = dock.widget().sizeHint().height() + dock.titleBarWidget().height()
        self._window.resizeDocks([dock], [height], Qt.Orientation.Vertical)

    def fill(self, menu: QMenu) -> None:
        """Add to a menu the actions that show and hide each panel, and the reset."""
        for dock in self.docks.values():
            menu.addAction(dock.toggleViewAction())
        menu.addSeparator()
        menu.addAction("Reset panels", self.reset)

    def set_theme(self, theme: Theme) -> None:
        for title in self._titles:
            title.set_theme(theme)


class _Space(QWidget):
    """An empty widget that reserves the space of a plot until the plot is created."""

    def __init__(self, height: int) -> None:
        super().__init__()
        self._height = height

    def sizeHint(self) -> QSize:
        return QSize(WIDTHS["trajectory"], self._height)
