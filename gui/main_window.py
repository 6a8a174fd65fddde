"""The window: which part stands where, and what each action does. No logic of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QActionGroup, QCloseEvent, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

from gui.actions import Actions
from gui.comparison import Comparison
from gui.frame_view import FrameView
from gui.hints import HintBar
from gui.layouts import column
from gui.messages_bar import MessagesBar
from gui.panels import Panels
from gui.panes import ViewMode
from gui.playback import Loop, Player
from gui.state import ExplorerState
from gui.status import StatusBar
from gui.theme import Theme, Themed
from gui.thumbnails import Thumbnails
from gui.timeline import Timeline
from gui.toolbar import Toolbar
from gui.transport_bar import TransportBar
from gui.vocabulary import Vocabulary
from gui.walk_edits import DRAFT, NORMAL, PAPER, at_quality, quality_of, turned
from gui.walk_panel import WalkPanel

TITLE = "Latent Trails"
SIZE = QSize(1440, 900)
MODES = {
    "single": ViewMode.SINGLE,
    "compare": ViewMode.COMPARE,
    "difference": ViewMode.DIFFERENCE,
    "sheet": ViewMode.SHEET,
    "latent": ViewMode.LATENT,
}
QUALITIES = {"draft": DRAFT, "normal": NORMAL, "paper": PAPER}


class MainWindow(QMainWindow):
    """Owns the views. The plots are added by `complete`, after the first paint, because their
    library takes longer to import than a person should wait for a window.

    Signals: painted, once, when the window is on the screen; closing, when it is about to go.
    """

    painted = Signal()
    closing = Signal()

    def __init__(self, state: ExplorerState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self._on_screen = False
        self._lanes = 1
        self.document = "Untitled walk"
        self.setWindowTitle(TITLE)
        self.setDockNestingEnabled(True)
        self.resize(SIZE)
        self.actions_table = Actions(self)
        self.player = Player(state, self)
        self.thumbnails = Thumbnails(state, self)
        self.vocabulary = Vocabulary(state, self)
        self._make_views()
        self._make_panels()
        self._make_menus()
        self._bind()
        self._follow_state()
        self.setFocus()

    # ── layout ───────────────────────────────────────────────────────────────────────────────

    def _make_views(self) -> None:
        state, theme = self._state, self._theme
        self.frame_view = FrameView(state, theme)
        self.comparison = Comparison(state, self.frame_view)
        self.messages = MessagesBar(state, theme)
        self.walk_panel = WalkPanel(state, self.thumbnails, self.vocabulary, theme)
        self.timeline = Timeline(state, self.thumbnails, theme)
        self.transport = TransportBar(state, self.player, theme)
        self.toolbar = Toolbar(state, self.actions_table, theme)
        self.status = StatusBar(state, theme)
        self._themed: list[Themed] = [
            self.frame_view,
            self.messages,
            self.walk_panel,
            self.timeline,
            self.transport,
            self.toolbar,
            self.status,
        ]
        centre = QWidget()
        self._centre = column(centre, 0, 0)
        self._centre.addWidget(self.messages)
        self._centre.addWidget(self.frame_view, 1)
        self.setCentralWidget(centre)
        self.addToolBar(self.toolbar)
        self.setStatusBar(self.status)

    def _make_panels(self) -> None:
        below = QWidget()
        layout = column(below, 0, 0)
        layout.addWidget(self.timeline, 1)
        layout.addWidget(self.transport)
        self.panels = Panels(self, self.walk_panel, below, self._theme)
        self._themed.append(self.panels)

    def _make_menus(self) -> None:
        self.menus = self.actions_table.fill(self.menuBar())
        view = self.menus["&View"]
        panels = QMenu("&Panels", view)
        self.panels.fill(panels)
        view.addMenu(panels)
        for names in (MODES, QUALITIES):
            group = QActionGroup(self)
            group.setExclusionPolicy(QActionGroup.ExclusionPolicy.ExclusiveOptional)
            for name in names:
                group.addAction(self.actions_table[name])
        self.toolbar.methods.aboutToShow.connect(lambda: self.comparison.fill(self.toolbar.methods))

    def complete(self) -> None:
        """Add the two plots, and read what is needed to count tokens."""
        from gui.metrics_plot import MetricsPlot
        from gui.trajectory_plot import TrajectoryPlot

        self.trajectory = TrajectoryPlot(self._state, self.thumbnails, self._theme)
        self.measures = MetricsPlot(self._state, self._theme)
        for name, plot in (("trajectory", self.trajectory), ("measures", self.measures)):
            self.panels.put(name, plot)
            self._themed.append(plot)
        queued = Qt.ConnectionType.QueuedConnection  # once the charts have changed
        self.measures.charts_changed.connect(self.panels.share, queued)
        self.vocabulary.load()
        self.panels.fit_timeline()  # a layout from last time may be for other lanes

    def add_below_picture(self, bar: HintBar) -> None:
        """Let a line stand below the viewer."""
        self._centre.addWidget(bar)
        self._themed.append(bar)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of another scheme, everywhere."""
        self._theme = theme
        for view in self._themed:
            view.set_theme(theme)

    # ── what actions do ──────────────────────────────────────────────────────────────────────

    def _bind(self) -> None:
        state, player, walk = self._state, self.player, self.walk_panel
        self.actions_table.bind(
            {
                "quit": self.close,
                "undo": state.history.undo,
                "redo": state.history.redo,
                "copy": self.frame_view.copy,
                "prompt": self._go_to_prompt,
                "lane": self.frame_view.next_lane,
                "crisp": self.frame_view.set_crisp,
                "full_screen": self._set_full_screen,
                "generate": state.generate,
                "cancel": state.cancel,
                "finish": state.finish,
                "pause": state.pause,
                "auto": state.set_auto,
                "add_keyframe": walk.add_keyframe,
                "reseed": walk.reseed,
                "turn": lambda: state.edit(
                    replace(state.exploration, walk=turned(state.exploration.walk)), "Turn around"
                ),
                "play": player.toggle,
                "backwards": lambda: player.shuttle(-1),
                "hold": player.pause,
                "forwards": lambda: player.shuttle(1),
                "back": lambda: player.step(-1),
                "on": lambda: player.step(1),
                "back_ten": lambda: player.step(-10),
                "on_ten": lambda: player.step(10),
                "first": player.go_first,
                "last": player.go_last,
                "keyframe_before": lambda: player.go_keyframe(-1),
                "keyframe_after": lambda: player.go_keyframe(1),
                "mark_in": player.mark_in,
                "mark_out": player.mark_out,
                "clear_range": player.clear_range,
                "loop": self._next_loop,
                **{name: self._mode_setter(mode) for name, mode in MODES.items()},
                **{name: self._quality_setter(name) for name in QUALITIES},
            }
        )

    def _mode_setter(self, mode: ViewMode) -> Callable[[bool], None]:
        return lambda _checked: self.comparison.set_mode(mode)

    def _quality_setter(self, name: str) -> Callable[[bool], None]:
        return lambda _checked: self._set_quality(QUALITIES[name])

    def _set_quality(self, quality: str) -> None:
        state = self._state
        sampling = at_quality(state.exploration.sampling, quality, state.recommended)
        state.edit(replace(state.exploration, sampling=sampling), f"{quality} quality")
        self._show_exploration()

    def _go_to_prompt(self) -> None:
        self.panels.docks["walk"].show()
        self.walk_panel.focus_prompt()

    def _set_full_screen(self, full: bool) -> None:
        self.showFullScreen() if full else self.showNormal()

    def _next_loop(self) -> None:
        ways = list(Loop)
        self.player.set_loop(ways[(ways.index(self.player.loop) + 1) % len(ways)])

    # ── what the state tells ─────────────────────────────────────────────────────────────────

    def _follow_state(self) -> None:
        state, actions = self._state, self.actions_table
        state.auto_changed.connect(actions["auto"].setChecked)
        actions["auto"].setChecked(state.auto)
        state.history.changed.connect(self._show_history)
        state.progress_changed.connect(self._show_title)
        state.busy_changed.connect(self._show_title)
        state.results_reset.connect(self._fit_timeline)
        state.exploration_changed.connect(self._show_exploration)
        state.model_changed.connect(self._show_exploration)
        self.comparison.mode_changed.connect(self._show_mode)
        self._show_mode(self.frame_view.mode)
        self._show_exploration()
        self._show_history()

    def _show_history(self) -> None:
        history = self._state.history
        for name, label in (("undo", history.undo_label), ("redo", history.redo_label)):
            action = self.actions_table[name]
            action.setEnabled(bool(label))
            action.setText(f"&{name.capitalize()} {label}".strip())
        self._show_title()

    def _show_exploration(self) -> None:
        sampling = self._state.exploration.sampling
        quality = quality_of(sampling, self._state.recommended)
        for name, title in QUALITIES.items():
            self.actions_table[name].setChecked(title == quality)

    def _fit_timeline(self) -> None:
        """Another number of lanes needs another height."""
        lanes = len(self._state.results.lanes)
        if lanes != self._lanes:
            self._lanes = lanes
            QTimer.singleShot(0, self.panels.fit_timeline)  # its tracks follow the state as well

    def _show_mode(self, mode: ViewMode) -> None:
        for name, its_mode in MODES.items():
            self.actions_table[name].setChecked(its_mode is mode)

    def set_document(self, path: Path | None) -> None:
        """Show in the title which session this is."""
        self.document = path.stem if path else "Untitled walk"
        self._show_title()

    def _show_title(self) -> None:
        """The percentage stands first, where taskbars show it: Qt 6 has no other way there."""
        progress = self._state.progress
        share = ""
        if self._state.busy and progress is not None and progress.total:
            share = f"{100 * progress.done // progress.total} % · "
        self.setWindowTitle(f"{share}{self.document}[*] — {TITLE}")
        self.setWindowModified(not self._state.history.is_saved)

    # ── Qt ───────────────────────────────────────────────────────────────────────────────────

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._on_screen:
            self._on_screen = True
            QTimer.singleShot(0, self.painted.emit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_K and not event.modifiers():
            self.player.hold(True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_K and not event.isAutoRepeat():
            self.player.hold(False)
        else:
            super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.player.hold(False)
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.player.pause()
        self.closing.emit()
        super().closeEvent(event)
