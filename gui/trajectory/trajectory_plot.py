"""The plane on which the walk runs: the typical shell, all methods' paths, a picture at a click."""

from __future__ import annotations

from typing import Protocol

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget
from superqt import QElidingLabel

from engine.messages import Points
from gui.state.explorer_state import ExplorerState
from gui.state.thumbnails import Thumbnails
from gui.trajectory.plane_item import PlaneBox, PlaneItem
from gui.trajectory.toy_plane import ToyPlane
from gui.trajectory.walk_plane import WalkPlane
from gui.widgets.fields import Button
from gui.widgets.theme import UNIT, Theme

#: Keys with the focus on the plot: which way they go, and how much they zoom.
WAYS = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, 1),
    Qt.Key.Key_Down: QPointF(0, -1),
}
ZOOMS = {Qt.Key.Key_Plus: 0.8, Qt.Key.Key_Equal: 0.8, Qt.Key.Key_Minus: 1.25}
HELP = "Arrows move the point, with Shift finely, with Ctrl the plane · + and − zoom · 0 shows all"
TOY_HELP = "Arrows move A, with Shift B, with Ctrl the plane · + and − zoom · 0 shows all"


class Plane(Protocol):
    """What the plot can show, and pass the mouse to."""

    items: tuple[PlaneItem, ...]

    def note(self) -> str: ...
    def reading(self, point: QPointF) -> str: ...
    def reach(self) -> float: ...
    def rooms(self, unit: float) -> tuple[float, float, float, float]: ...
    def press(self, start: QPointF) -> None: ...
    def drag(self, point: QPointF) -> None: ...
    def click(self, point: QPointF) -> None: ...
    def release(self) -> None: ...
    def nudge(self, way: QPointF, shifted: bool) -> None: ...


class TrajectoryPlot(QWidget):
    """Owns the view onto the plane: zoom, what is under the mouse, walk or toy."""

    def __init__(
        self,
        state: ExplorerState,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._box = PlaneBox()
        self._canvas = pg.GraphicsView()
        self._canvas.setCentralItem(self._box)
        self._canvas.setAccessibleName("Trajectory")
        self._canvas.setAcceptDrops(False)  # what is dropped is for the window
        self._walk = WalkPlane(state, thumbnails, self._box, theme, self)
        self._toy = ToyPlane(self._box, theme)
        self._zoomed = False
        self._menu = QMenu(self)
        self._line = QElidingLabel()
        self._toy_button = Button(
            "Toy example", "The article's example: two draws in two dimensions", text="Toy"
        )
        self._draw_button = Button(
            "New draw", "Draw both ends from N(0, I₂) again", text="New draw"
        )
        self._lay_out()
        self._connect(state)
        self.set_theme(theme)
        self._show_plane()
        self.setAccessibleName("Trajectory in the plane of the walk's ends")

    # ── verbs ────────────────────────────────────────────────────────────────────────────────

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of another scheme."""
        self._canvas.setBackground(QColor(theme.canvas))
        for item in (*self._walk.items, *self._toy.items):
            item.set_theme(theme)
        self._line.setFont(theme.font(0.88, digits=True))
        self._line.setStyleSheet(f"color: {theme.muted}")

    @property
    def picture(self) -> QWidget:
        """The plane alone, without the line below it: what a file shows."""
        return self._canvas

    @property
    def toy(self) -> bool:
        """Whether the two-dimensional example is shown in the place of the walk."""
        return self._state.view.plane == "toy"

    def set_toy(self, shown: bool) -> None:
        """Show the article's two-dimensional example, or the walk."""
        self._state.set_view(plane="toy" if shown else "walk")

    def _follow_view(self) -> None:
        if self._toy_button.isChecked() != self.toy:
            self._show_plane()

    def _show_plane(self) -> None:
        self._toy_button.setChecked(self.toy)
        self._draw_button.setVisible(self.toy)
        for item in self._walk.items:
            item.setVisible(not self.toy)
        for item in self._toy.items:
            item.setVisible(self.toy)
        self.reset_view()

    @property
    def toy_ends(self) -> Points:
        """Where the example's two ends are [2, 2]."""
        return self._toy.ends

    def draw_toy(self) -> None:
        """Draw the example's two ends again."""
        self._toy.draw()
        self.reset_view()

    def reset_view(self) -> None:
        """Show everything, with room for the keyframes' pictures where they are."""
        self._zoomed = False
        reach, width, height = self._plane.reach(), self._box.width(), self._box.height()
        left, top, right, bottom = self._plane.rooms(min(width, height) / 2.4 / reach)
        free = min(width - left - right, height - top - bottom)
        unit = max(free, min(width, height) / 3, 1.0) / 2 / reach
        x, y = (right - left) / 2 / unit, (top - bottom) / 2 / unit
        half_x, half_y = width / 2 / unit, height / 2 / unit
        self._box.setRange(
            xRange=(x - half_x, x + half_x), yRange=(y - half_y, y + half_y), padding=0
        )
        self._show_note()

    def copy(self) -> None:
        """Put the plot on the clipboard as a picture."""
        QGuiApplication.clipboard().setPixmap(self._canvas.grab())

    # ── wiring ───────────────────────────────────────────────────────────────────────────────

    @property
    def _plane(self) -> Plane:
        return self._toy if self.toy else self._walk

    def _lay_out(self) -> None:
        self._canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._toy_button.setCheckable(True)
        self._menu.addAction("Reset view", self.reset_view)
        self._menu.addAction("Copy plot", self.copy)
        self._menu.addAction("Toy example or walk", lambda: self.set_toy(not self.toy))
        row = QHBoxLayout()
        row.setContentsMargins(2 * UNIT, 2, UNIT, 2)
        row.addWidget(self._line, 1)
        row.addWidget(self._draw_button)
        row.addWidget(self._toy_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._canvas, 1)
        column.addLayout(row)

    def _connect(self, state: ExplorerState) -> None:
        self._box.pressed.connect(self._press)
        self._box.dragged.connect(self._drag)
        self._box.clicked.connect(self._click)
        self._box.reset_asked.connect(self._reset)
        self._box.menu_asked.connect(self._show_menu)
        self._box.sigResized.connect(self._fit)
        self._box.sigRangeChangedManually.connect(self._on_zoom)
        self._canvas.scene().sigMouseMoved.connect(self._show_reading)
        self._toy_button.clicked.connect(self._press_toy)
        state.view_changed.connect(self._follow_view)
        self._draw_button.clicked.connect(self.draw_toy)
        state.path_changed.connect(self._fit)

    def _press_toy(self, shown: bool) -> None:
        self._toy_button.setChecked(not shown)  # it follows the state
        self.set_toy(shown)

    def _press(self, start: QPointF) -> None:
        self._plane.press(start)

    def _drag(self, point: QPointF) -> None:
        self._plane.drag(point)

    def _click(self, point: QPointF) -> None:
        self._plane.click(point)

    def _reset(self) -> None:
        """A double click, of which the first half was taken for a click."""
        self._plane.release()
        self.reset_view()

    def _fit(self) -> None:
        if not self._zoomed:
            self.reset_view()

    def _on_zoom(self) -> None:
        self._zoomed = True

    def _show_note(self) -> None:
        self._line.setText(self._plane.note())

    # ── keys ─────────────────────────────────────────────────────────────────────────────────

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
            if event.key() in WAYS and not alt:
                event.accept()  # with the focus here, arrows are no steps of the playhead
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, held = Qt.Key(event.key()), event.modifiers()
        if key in WAYS and held & Qt.KeyboardModifier.ControlModifier:
            self._pan(WAYS[key])
        elif key in WAYS:
            self._plane.nudge(WAYS[key], bool(held & Qt.KeyboardModifier.ShiftModifier))
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
        self._line.setText(TOY_HELP if self.toy else HELP)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_note()

    def _pan(self, way: QPointF) -> None:
        step = self._box.viewRect().width() / 12
        self._box.translateBy(x=way.x() * step, y=way.y() * step)
        self._on_zoom()

    # ── the mouse ────────────────────────────────────────────────────────────────────────────

    def _show_reading(self, position: QPointF) -> None:
        inside = self._box.sceneBoundingRect().contains(position)
        point = self._box.mapSceneToView(position)
        self._line.setText(self._plane.reading(point) if inside else self._plane.note())

    def _show_menu(self, position: QPointF) -> None:
        self._menu.popup(position.toPoint())
