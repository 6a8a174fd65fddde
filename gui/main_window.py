"""The main window: creates the views and arranges them. No logic of its own."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QPaintEvent, QShortcut
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

from gui.shell.actions import Actions
from gui.shell.commands import Commands
from gui.shell.hints import HintBar
from gui.shell.messages_bar import MessagesBar
from gui.shell.panels import Panels
from gui.shell.status import StatusBar
from gui.shell.toolbar import Toolbar
from gui.state.explorer_state import ExplorerState
from gui.state.playback import Player
from gui.state.thumbnails import Thumbnails
from gui.state.vocabulary import Vocabulary
from gui.timeline.timeline import Timeline
from gui.timeline.transport_bar import TransportBar
from gui.viewer.comparison import list_methods
from gui.viewer.frame_view import FrameView
from gui.walk.walk_panel import WalkPanel
from gui.widgets.fields import leave_field
from gui.widgets.layouts import column
from gui.widgets.theme import Theme, Themed
from gui.widgets.throttle import Throttle

TITLE = "Latent Trails"
SIZE = QSize(1440, 900)


class MainWindow(QMainWindow):
    """Owns the views. `complete` adds the plots after the first paint, because their library takes
    long to import.

    Signals: painted, once, after the first paint; closing, before the window closes.
    """

    painted = Signal()
    closing = Signal()

    def __init__(self, state: ExplorerState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self._on_screen = False
        self._rows = (1, False)
        self._refit = Throttle(0, self)  # a timer owned by the window
        self.document = "Untitled walk"
        self.setWindowTitle(TITLE)
        self.setDockNestingEnabled(True)
        # A click on a widget without focus policy moves the focus here, away from text fields.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.resize(SIZE)
        self.actions_table = Actions(self)
        self.player = Player(state, self)
        self.thumbnails = Thumbnails(state, self)
        self.vocabulary = Vocabulary(state, self)
        self._make_views()
        self._make_panels()
        self._make_menus()
        self._bind_actions()
        self._follow_state()
        self.setFocus()

    # ── layout ───────────────────────────────────────────────────────────────────────────────

    def _make_views(self) -> None:
        state, theme = self._state, self._theme
        self.frame_view = FrameView(state, theme)
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
        panels = QMenu("P&anels", view)
        self.panels.fill(panels)
        view.addMenu(panels)
        self.toolbar.methods.aboutToShow.connect(
            partial(list_methods, self._state, self.toolbar.methods)
        )

    def _bind_actions(self) -> None:
        self._commands = Commands(
            self._state,
            self.actions_table,
            self.player,
            self.walk_panel,
            self.frame_view,
        )
        self.actions_table.bind(
            {
                "quit": self.close,
                "prompt": lambda: self._go_to_prompt(),
                "full_screen": self._set_full_screen,
            }
        )

        self.timeline.prompt_chosen.connect(self._go_to_prompt)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self._step_back)

    def _step_back(self) -> None:
        """Handle Esc: leave a text field, or else a point of the plane, or else cancel the job."""
        if not (leave_field() or self._state.leave_point()):
            self.actions_table["cancel"].trigger()

    def _go_to_prompt(self, keyframe: int | None = None) -> None:
        """Go to a keyframe's prompt, or (None) to that of the keyframe near the playhead."""
        walk = self._state.exploration.walk
        if walk.prompts:
            self.timeline.edit_prompt()
            return
        if keyframe is None:
            gaps = [abs(at - self._state.playhead) for at in walk.keyframe_indices()]
            keyframe = gaps.index(min(gaps))
        self.panels.docks["walk"].show()
        self.walk_panel.focus_prompt(keyframe)

    def _set_full_screen(self, full: bool) -> None:
        state = self.windowState()
        screen = Qt.WindowState.WindowFullScreen
        self.setWindowState(state | screen if full else state & ~screen)
        self.show()

    def complete(self) -> None:
        """Add the two plots, and load the tokenizer."""
        from gui.measures.metrics_plot import MetricsPlot
        from gui.trajectory.trajectory_plot import TrajectoryPlot

        self.trajectory = TrajectoryPlot(self._state, self.thumbnails, self._theme)
        self.measures = MetricsPlot(self._state, self._theme)
        for name, plot in (("trajectory", self.trajectory), ("measures", self.measures)):
            self.panels.put(name, plot)
            self._themed.append(plot)
        self.vocabulary.load()
        self.panels.fit_timeline()  # the restored layout may be for another number of lanes

    def add_below_picture(self, bar: HintBar) -> None:
        """Add the line of hints below the viewer."""
        self._centre.addWidget(bar)
        self.follow_theme(bar)

    def follow_theme(self, view: Themed) -> None:
        """Give a view the colours of the theme, also when it changes."""
        view.set_theme(self._theme)
        self._themed.append(view)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme` in all views."""
        self._theme = theme
        for view in self._themed:
            view.set_theme(theme)

    # ── changes of the state ─────────────────────────────────────────────────────────────────

    def _follow_state(self) -> None:
        state = self._state
        state.history.changed.connect(self._show_title)
        state.progress_changed.connect(self._show_title)
        state.busy_changed.connect(self._show_title)
        for signal in (state.results_reset, state.exploration_changed):
            signal.connect(self._fit_timeline)
        self._refit.triggered.connect(self.panels.fit_timeline)
        self._show_title()

    def _fit_timeline(self) -> None:
        """Adapt the timeline's height to the number of lanes, and to its row of prompts."""
        walk = self._state.exploration.walk
        prompts = {keyframe.prompt for keyframe in walk.keyframes}
        rows = len(self._state.results.lanes), len(prompts) > 1 or bool(walk.prompts)
        if rows != self._rows:
            self._rows = rows
            self._refit.throttle()  # later, after the tracks have followed the state

    def set_document(self, path: Path | None) -> None:
        """Show the session's name in the title."""
        name = path.stem if path else "Untitled walk"
        self.document = name.replace("[*]", "[*][*]")  # Qt's mark of a change is [*]
        self._show_title()

    def _show_title(self) -> None:
        """Set the title. The percentage comes first, so that taskbars show it."""
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
        if event.type() == QEvent.Type.WindowStateChange:
            self.actions_table["full_screen"].setChecked(self.isFullScreen())
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.player.pause()
        self.closing.emit()
        super().closeEvent(event)
