"""The viewer: shows the picture at the playhead, or several side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from engine.messages import Image, Tier
from engine.view import ViewMode
from gui.state.explorer_state import ExplorerState
from gui.state.viewing import show_lane, show_mode
from gui.viewer.pane_layout import lay_out, lay_out_latents, lay_out_sheet
from gui.viewer.pane_painter import PanePainter
from gui.viewer.panes import Pane, PaneReader, Shown
from gui.widgets.qt_images import copy_to_clipboard
from gui.widgets.theme import Theme

#: Reasons of a focus that was set by keys. Only such a focus is marked with a frame.
KEYS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
#: With more frames than this, the pictures of a sheet would be too small; the viewer compares the
#: lanes at the playhead instead.
SHEET_FRAMES = 16
#: Names of the modes in the context menu.
MODES = {
    ViewMode.SINGLE: "One picture",
    ViewMode.COMPARE: "Compare",
    ViewMode.DIFFERENCE: "Difference",
    ViewMode.SHEET: "Sheet",
    ViewMode.LATENT: "Latents",
}


class FrameView(QWidget):
    """Shows the pictures at the playhead according to the state's view: mode, lane in focus, crisp
    or smooth pixels.

    Signals: save_requested(pane), from the menu of its picture.
    """

    save_requested = Signal(object)

    def __init__(self, state: ExplorerState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self._reader = PaneReader(state)
        self._painter = PanePainter(theme)
        self._cells: list[tuple[QRectF, Pane]] = []
        self._painted: tuple[Pane, ...] = ()
        self.setAccessibleName("Picture at the playhead")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 160)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # so that a key opens its menu
        self._by_keys = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._menu = QMenu(self)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        for signal in (
            state.playhead_changed,
            state.probe_changed,
            state.view_changed,
            state.results_reset,
        ):
            signal.connect(self._refresh)
        state.opened.connect(self._forget)
        state.model_changed.connect(self._follow_model)
        state.frame_changed.connect(self._on_frame)
        state.progress_changed.connect(self._refresh_if_empty)

    # ── verbs ────────────────────────────────────────────────────────────────────────────────

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = self._painter.theme = theme
        self.update()

    def panes(self) -> list[Pane]:
        """Returns the panes for the current state, in reading order."""
        panes = self._reader.read(self._shown_mode(), self._state.lane)
        if panes and self._shown_mode() is not self._state.exploration.mode:
            count = self._state.frame_count
            reason = f"A sheet shows up to {SHEET_FRAMES} frames; this walk has {count}"
            note = f"{reason} · {panes[0].note}" if panes[0].note else reason
            panes[0] = replace(panes[0], note=note)
        return panes

    def shown(self) -> Shown:
        """Returns the panes that were painted last. Latents are in two rows, one of z_T and one of
        z_0, also where the viewer breaks them."""
        columns = sum(cell.top() == self._cells[0][0].top() for cell, _ in self._cells)
        if self._shown_mode() is ViewMode.LATENT:
            columns = len(self._painted) // 2
        alone = self._shown_mode() in (ViewMode.SINGLE, ViewMode.LATENT)
        lanes = (self._state.lane,) if alone else tuple(range(len(self._state.results.lanes)))
        if self._state.probe is not None and self._shown_mode() is ViewMode.SINGLE:
            lanes = ()  # the point is shown instead of the walk
        return Shown(self._painted, max(columns, 1), lanes, self._state.view.crisp)

    def copy(self) -> None:
        """Copy a picture to the clipboard: that of the point of the plane, otherwise that of the
        lane in focus; in a sheet, the one at the playhead. Do nothing if there is none."""
        panes, state = self.panes(), self._state
        if state.probe is not None:
            self._copy(state.probe.image)
            return
        cell = self._state.lane * state.frame_count + state.playhead
        numbers = {ViewMode.COMPARE: self._state.lane, ViewMode.SHEET: cell}
        number = numbers.get(self._shown_mode(), 0)
        if panes:
            self._copy(panes[number if number < len(panes) else 0].image)

    # ── layout ───────────────────────────────────────────────────────────────────────────────

    def _shown_mode(self) -> ViewMode:
        mode, too_many = self._state.exploration.mode, self._state.frame_count > SHEET_FRAMES
        return ViewMode.COMPARE if mode is ViewMode.SHEET and too_many else mode

    def _lay_out(self, panes: list[Pane]) -> list[tuple[QRectF, Pane]]:
        """Returns the cells of the panes. A sheet has one column for each frame; latents of many
        channels are in several rows. Otherwise, the number of columns is the one that makes the
        pictures largest."""
        room, head, mode = QSizeF(self.size()), self._painter.head, self._shown_mode()
        if mode is ViewMode.SHEET:
            title = min(self._painter.title_width(panes), room.width() / 3)
            return lay_out_sheet(panes, room, head, self._state.frame_count, title)
        if mode is ViewMode.LATENT and len(panes) > 1:
            return lay_out_latents(panes, room, head)
        return lay_out(panes, room, head)

    def _empty_text(self) -> str:
        if self._shown_mode() is ViewMode.LATENT and self._state.results.lanes:
            return "Latents are shown when this frame is finished"
        if self._state.loading is not None:
            return f"{self._state.loading.stage}…"
        if self._state.busy:
            return "Rendering the first picture…"
        return "No picture yet: Ctrl+Enter renders the walk"

    # ── helpers ──────────────────────────────────────────────────────────────────────────────

    def _refresh(self) -> None:
        self.update()

    def _follow_model(self) -> None:
        if self._state.model is None:  # the walk's model is missing
            self._forget()

    def _forget(self) -> None:
        self._reader.forget()
        self.update()

    def _on_frame(self, lane: int, index: int) -> None:
        """Repaint if the new picture is visible: at the playhead, or near it while the frame at the
        playhead has no picture."""
        here = self._state.playhead
        tier = self._state.results.lanes[lane].tiers[here]
        alone = index != here and tier not in (Tier.MISSING, Tier.FAILED)
        if self._shown_mode() in (ViewMode.SHEET, ViewMode.LATENT) or not alone:
            self.update()

    def _refresh_if_empty(self) -> None:
        if all(pane.image is None for _, pane in self._cells):
            self.update()

    def _copy(self, image: Image | None) -> None:
        if image is not None:
            copy_to_clipboard(image)

    def _pane_at(self, position: QPointF) -> int | None:
        cells = enumerate(self._cells)
        return next((number for number, (cell, _) in cells if cell.contains(position)), None)

    def _show_loupe(self, position: QPointF) -> None:
        """Enlarge the spot at `position` in every pane, as long as the button is held."""
        number = self._pane_at(position)
        if number is None:
            return
        cell, pane = self._cells[number]
        ratio, crisp = self.devicePixelRatioF(), self._state.view.crisp
        spot = self._painter.spot_at(cell, pane, ratio, crisp, position)
        if spot is not None:
            self._painter.loupe = spot
            self.update()

    def _choose(self, number: int | None) -> None:
        """Handle a click on a pane: focus its lane; in a sheet, also move the playhead."""
        point = self._state.probe is not None and number == len(self._cells) - 1
        if number is None or len(self._cells) < 2 or point:
            return
        if self._shown_mode() is ViewMode.COMPARE:
            show_lane(self._state, number)
        elif self._shown_mode() is ViewMode.SHEET:
            lane, index = divmod(number, self._state.frame_count)
            show_lane(self._state, lane)
            self._state.seek(index)

    def _show_menu(self, position: QPoint) -> None:
        number = self._pane_at(QPointF(position))
        self._fill_menu(self._cells[number][1] if number is not None else Pane())
        self._menu.popup(self.mapToGlobal(position))

    def _fill_menu(self, pane: Pane) -> None:
        view, now = self._state.view, self._state.exploration.mode
        self._menu.clear()
        copy = self._menu.addAction("Copy picture", lambda: self._copy(pane.image))
        save = self._menu.addAction("Save picture…", lambda: self.save_requested.emit(pane))
        for action in (copy, save):
            action.setEnabled(pane.image is not None)
        self._add_choice(self._menu, "Crisp pixels", view.crisp, self._toggle_crisp)
        self._menu.addSeparator()
        for mode in ViewMode:
            choose = partial(show_mode, self._state, mode)
            self._add_choice(self._menu, MODES[mode], mode is now, choose)
        lanes = self._state.results.lanes
        if len(lanes) > 1 and now not in (ViewMode.COMPARE, ViewMode.SHEET):
            against = now is ViewMode.DIFFERENCE
            submenu = self._menu.addMenu("Difference against" if against else "Show")
            for lane, results in enumerate(lanes):
                choose = partial(show_lane, self._state, lane)
                self._add_choice(submenu, results.lane.title, lane == self._state.lane, choose)

    def _toggle_crisp(self) -> None:
        self._state.set_view(crisp=not self._state.view.crisp)

    def _add_choice(self, menu: QMenu, text: str, chosen: bool, choose: Callable[[], None]) -> None:
        action = menu.addAction(text, choose)
        action.setCheckable(True)
        action.setChecked(chosen)

    # ── Qt ───────────────────────────────────────────────────────────────────────────────────

    def sizeHint(self) -> QSize:
        return QSize(640, 640)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._by_keys = event.reason() in KEYS
        super().focusInEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose(self._pane_at(event.position()))
        elif event.button() == Qt.MouseButton.MiddleButton:
            self._show_loupe(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.MiddleButton:
            self._show_loupe(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._painter.loupe = None
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.canvas))
        panes = self.panes()
        self._painted, self._cells = tuple(panes), self._lay_out(panes)
        self._painter.paint(painter, self._cells, self._state.view.crisp)
        if all(pane.image is None for pane in panes):
            painter.setFont(self._theme.font(1.1))
            painter.setPen(QColor(self._theme.faint))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._empty_text())
        if self.hasFocus() and self._by_keys:
            painter.setPen(QPen(QColor(self._theme.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
