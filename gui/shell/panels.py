"""The panels around the viewer, their default sizes, and the reset to these."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QWidget

from gui.shell.panel_title import PanelTitle
from gui.widgets.theme import Theme
from gui.widgets.throttle import Throttle

#: Default widths and heights of the panels, in pixels of the window's default size.
WIDTHS = {"walk": 330, "trajectory": 400}
HEIGHTS = {"trajectory": 400, "measures": 250}
#: Largest share of the window's height that the timeline gets without a person's doing.
TIMELINE_SHARE = 0.27


class Panels(QObject):
    """Owns the docks of the window, by name. The docks of the plots are empty until `put`."""

    def __init__(self, window: QMainWindow, walk: QWidget, below: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window, self._theme = window, theme
        self._titles: list[PanelTitle] = []
        self._fitted = Throttle(0, self)
        self._fitted.triggered.connect(self._remember_timeline)
        #: Height of the timeline set by `fit_timeline`; any other height was set by a person.
        self.fitted_timeline = 0
        areas = Qt.DockWidgetArea
        # The walk panel has the full height, so that its methods are visible on small screens.
        window.setCorner(Qt.Corner.BottomLeftCorner, areas.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, areas.BottomDockWidgetArea)
        right = areas.RightDockWidgetArea
        self.docks = {
            "walk": self._dock("Walk", areas.LeftDockWidgetArea, walk),
            "trajectory": self._dock("Trajectory", right, _Space(HEIGHTS["trajectory"])),
            "measures": self._dock("Measures", right, _Space(HEIGHTS["measures"])),
            "timeline": self._dock("Timeline", areas.BottomDockWidgetArea, below),
        }
        self.reset()

    def _dock(self, title: str, area: Qt.DockWidgetArea, view: QWidget) -> QDockWidget:
        dock = Panel(title, self._window)
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
        self.fitted_timeline = 0
        for dock in self.docks.values():
            dock.setFloating(False)
            dock.show()
        for sizes, direction in (
            (WIDTHS, Qt.Orientation.Horizontal),
            (HEIGHTS, Qt.Orientation.Vertical),
        ):
            docks = [self.docks[name] for name in sizes]
            self._window.resizeDocks(docks, list(sizes.values()), direction)

    def fit_timeline(self) -> None:
        """Make the timeline as high as its rows need, up to a share of the window's height. A
        height that a person has set stays."""
        dock = self.docks["timeline"]
        if self.fitted_timeline not in (0, dock.height()):
            return
        dock.widget().updateGeometry()  # otherwise the dock uses its old size hint
        wanted = dock.widget().sizeHint().height() + dock.titleBarWidget().sizeHint().height()
        height = min(wanted, round(TIMELINE_SHARE * self._window.height()))
        self._window.resizeDocks([dock], [height], Qt.Orientation.Vertical)
        self._fitted.throttle()  # the dock gets its height later

    def _remember_timeline(self) -> None:
        self.fitted_timeline = self.docks["timeline"].height()

    def fill(self, menu: QMenu) -> None:
        """Add to a menu the actions that show and hide each panel, and the reset."""
        for dock in self.docks.values():
            menu.addAction(dock.toggleViewAction())
        menu.addSeparator()
        menu.addAction("Reset panels", self._reset_all)

    def _reset_all(self) -> None:
        self.reset()
        self.fit_timeline()

    def set_theme(self, theme: Theme) -> None:
        for title in self._titles:
            title.set_theme(theme)


class Panel(QDockWidget):
    """A dock that passes keys on to the main window, also while it floats."""

    def __init__(self, title: str, window: QMainWindow) -> None:
        super().__init__(title, window)
        self._window = window
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._window.keyPressEvent(event) if self.isFloating() else event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._window.keyReleaseEvent(event) if self.isFloating() else event.ignore()


class _Space(QWidget):
    """An empty widget that reserves the space of a plot until the plot is created."""

    def __init__(self, height: int) -> None:
        super().__init__()
        self._height = height

    def sizeHint(self) -> QSize:
        return QSize(WIDTHS["trajectory"], self._height)
