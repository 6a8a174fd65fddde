"""The trajectory plot: shows one of the registered views and passes mouse and keys to it."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QAction, QActionGroup, QColor, QFocusEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from gui.atlas.atlas import Atlas
from gui.atlas.basins import Basins
from gui.state.explorer_state import ExplorerState
from gui.state.thumbnails import Thumbnails
from gui.trajectory.plane.plane_item import PlaneBox
from gui.trajectory.views.contract import (
    DEFAULT_VIEW,
    TrajectoryView,
    ViewParts,
    trajectory_views,
    view_names,
)
from gui.widgets.fields import Button
from gui.widgets.layouts import OneLine
from gui.widgets.theme import UNIT, Theme

#: Keys of the focused plot: directions of the arrows, and zoom factors.
DIRECTIONS = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, 1),
    Qt.Key.Key_Down: QPointF(0, -1),
}
#: Minimum height of the plane in pixels. The labels would cover the ring in a lower one.
LEAST_HEIGHT = 44 * UNIT
ZOOMS = {Qt.Key.Key_Plus: 0.8, Qt.Key.Key_Equal: 0.8, Qt.Key.Key_Minus: 1.25}


class TrajectoryPlot(QWidget):
    """Owns the view box, its zoom, and the views. A view is created when it is first shown. The
    state holds the name of the shown view.
    """

    def __init__(
        self,
        state: ExplorerState,
        thumbnails: Thumbnails,
        theme: Theme,
        original: TrajectoryPlot | None = None,
    ) -> None:
        """A copy shares the atlas of the `original` and its regions."""
        super().__init__()
        self.atlas: Atlas = original.atlas if original else Atlas(state, self)
        self.basins: Basins = original.basins if original else Basins(state, self.atlas, self)
        self._state, self._thumbnails, self._theme = state, thumbnails, theme
        self._box = PlaneBox()
        self._canvas = pg.GraphicsView()
        self._canvas.setCentralItem(self._box)
        self._canvas.setAccessibleName("Trajectory")
        self._canvas.setMinimumHeight(LEAST_HEIGHT)
        self._canvas.setAcceptDrops(False)  # the window handles drops
        self._views: dict[str, TrajectoryView] = {}
        self._name = ""
        self._zoomed = False
        self._actions = self._make_actions()
        self._menu = QMenu(self)
        self._line = OneLine()
        self._choose = Button("Trajectory view", "Choose what the plot shows")
        self._row = QHBoxLayout()
        self._lay_out()
        self._connect(state)
        self.set_theme(theme)
        self._follow_state()

    # ── verbs ────────────────────────────────────────────────────────────────────────────────

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._canvas.setBackground(QColor(theme.canvas))
        for view in self._views.values():
            view.set_theme(theme)
        self._line.setFont(theme.font(0.88, digits=True))
        self._line.setStyleSheet(f"color: {theme.muted}")

    @property
    def picture(self) -> QWidget:
        """The plot without the line below it, for export."""
        return self._canvas

    def on_paper(self, theme: Theme) -> TrajectoryPlot:
        """Returns a new plot of the same view with the line below it, for export."""
        plot = TrajectoryPlot(self._state, self._thumbnails, theme, self)
        plot.view.take(self.view)
        for widget in (plot._choose, *plot.view.widgets):
            widget.hide()
        return plot

    @property
    def view_name(self) -> str:
        """The registered name of the view that is shown."""
        return self._name

    @property
    def view(self) -> TrajectoryView:
        """The view that is shown."""
        return self._views[self._name]

    def show_view(self, name: str) -> None:
        """Set the view in the state, by its registered name."""
        self._state.set_view(plane=name)

    def _follow_state(self) -> None:
        """Show the view that the state names, or the first one if its name is unknown."""
        wanted = self._state.view.plane
        name = wanted if wanted in self._actions else DEFAULT_VIEW
        if name == self._name:
            return
        self._name = name
        if name not in self._views:
            self._views[name] = self._make_view(name)
        for other, view in self._views.items():
            view.set_visible(other == name)
        self._actions[name].setChecked(True)
        self._choose.setText(f"{self.view.label} ▾")
        self.setAccessibleName(self.view.description)
        self.reset_view()

    def reset_view(self) -> None:
        """Zoom so that everything is visible."""
        self._zoomed = False
        self.view.fit()
        self._show_note()

    def copy(self) -> None:
        """Copy the plot to the clipboard as a picture."""
        QGuiApplication.clipboard().setPixmap(self._canvas.grab())

    # ── wiring ───────────────────────────────────────────────────────────────────────────────

    def _make_actions(self) -> dict[str, QAction]:
        """Returns one checkable action for each view."""
        group, actions = QActionGroup(self), {}
        for name in view_names():
            view = trajectory_views.get(name)
            actions[name] = action = QAction(view.label, group, checkable=True, toolTip=view.tip)
            action.triggered.connect(lambda _, name=name: self.show_view(name))
        return actions

    def _make_view(self, name: str) -> TrajectoryView:
        shared = self.atlas, self.basins
        parts = ViewParts(self._state, self._thumbnails, self._box, self._theme, *shared)
        view = trajectory_views.get(name)(parts, self)
        view.fit_requested.connect(self.reset_view)
        for widget in view.widgets:
            self._row.insertWidget(self._row.count() - 1, widget)
        return view

    def _lay_out(self) -> None:
        self._canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._menu.addAction("Reset view", self.reset_view)
        self._menu.addAction("Copy plot", self.copy)
        self._menu.addSeparator()
        self._menu.addActions(list(self._actions.values()))
        views = QMenu(self._choose)
        views.setToolTipsVisible(True)
        views.addActions(list(self._actions.values()))
        self._choose.setMenu(views)
        self._choose.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._row.setContentsMargins(2 * UNIT, 2, UNIT, 2)
        self._row.addWidget(self._line, 1)
        self._row.addWidget(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._canvas, 1)
        column.addLayout(self._row)

    def _connect(self, state: ExplorerState) -> None:
        self._box.pressed.connect(self._press)
        self._box.dragged.connect(self._drag)
        self._box.drag_ended.connect(self._end_drag)
        self._box.clicked.connect(self._click)
        self._box.reset_asked.connect(self._reset)
        self._box.menu_asked.connect(self._show_menu)
        self._box.sigResized.connect(self._fit)
        self._box.sigRangeChangedManually.connect(self._on_zoom)
        self._canvas.scene().sigMouseMoved.connect(self._show_reading)
        state.path_changed.connect(self._fit)
        state.opened.connect(self.reset_view)
        state.view_changed.connect(self._follow_state)
        for signal in (self.atlas.changed, self.basins.changed):
            signal.connect(self._show_note)

    def _press(self, start: QPointF) -> None:
        self.view.press(start)

    def _drag(self, point: QPointF) -> None:
        self.view.drag(point)

    def _end_drag(self) -> None:
        self.view.end_drag()

    def _click(self, point: QPointF) -> None:
        self.view.click(point)

    def _reset(self) -> None:
        """Handle a double click: undo its first click, then show everything."""
        self.view.release()
        self.reset_view()

    def _fit(self) -> None:
        if self._zoomed:
            self._show_note()
        else:
            self.reset_view()

    def _on_zoom(self) -> None:
        self._zoomed = True

    def _show_note(self) -> None:
        self._line.set_whole(self.view.note())

    # ── keys ─────────────────────────────────────────────────────────────────────────────────

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
            if event.key() in DIRECTIONS and not alt:
                event.accept()  # while the plot has the focus, arrows must not move the playhead
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, held = Qt.Key(event.key()), event.modifiers()
        if key in DIRECTIONS and held & Qt.KeyboardModifier.ControlModifier:
            self._pan(DIRECTIONS[key])
        elif key in DIRECTIONS:
            self.view.nudge(DIRECTIONS[key], bool(held & Qt.KeyboardModifier.ShiftModifier))
        elif key in ZOOMS:
            self._box.scaleBy((ZOOMS[key], ZOOMS[key]))
            self._on_zoom()
        elif key == Qt.Key.Key_0:
            self.reset_view()
        elif key == Qt.Key.Key_Menu:
            self._menu.popup(self.mapToGlobal(self.rect().center()))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() is not Qt.FocusReason.MouseFocusReason:
            self._line.set_whole(self.view.keys)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_note()

    def _pan(self, direction: QPointF) -> None:
        step = self._box.viewRect().width() / 12
        self._box.translateBy(x=direction.x() * step, y=direction.y() * step)
        self._on_zoom()

    # ── the mouse ────────────────────────────────────────────────────────────────────────────

    def _show_reading(self, position: QPointF) -> None:
        inside = self._box.sceneBoundingRect().contains(position)
        point = self._box.mapSceneToView(position)
        self._line.set_whole(self.view.reading(point) if inside else self.view.note())

    def _show_menu(self, position: QPointF) -> None:
        self._menu.popup(position.toPoint())
