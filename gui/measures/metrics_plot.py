"""The panel of measures: the menu that chooses them, their charts, and the table."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from engine.messages import Tier
from gui.measures.measure_figure import MeasureFigure, figure_on_paper
from gui.measures.measure_values import Offer, offered
from gui.measures.scoring_fields import ScoringFields
from gui.state.explorer_state import ExplorerState
from gui.widgets.fields import Button
from gui.widgets.plain_text import PlainLabel, plain_tip
from gui.widgets.theme import UNIT, Theme
from gui.widgets.throttle import Throttle
from gui.widgets.tick_menu import TickMenu

#: Least time between two repaints while values arrive, in milliseconds.
INTERVAL = 250
#: Most charts; more of them would be too low to read.
MOST_CHARTS = 3
#: Minimum height of the visible part of the charts, in pixels.
LEAST_HEIGHT = 14 * UNIT


class MetricsPlot(QWidget):
    """Shows the measures that the exploration names.

    Charts that are higher than the panel are scrolled, so a choice changes no panel's size.
    """

    def __init__(self, state: ExplorerState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self._figure = MeasureFigure(state, theme)
        self._scroll = QScrollArea()
        self._choose = Button(
            "Choose measures",
            "Choose the measures to draw along the walk",
            text="Choose measures ▾",
        )
        self._hint = PlainLabel()
        self._numbers = Button(
            "Table",
            "Show a summary of each walk. ± is the standard error of a mean over its frames",
            text="Table",
        )
        self._scoring = ScoringFields(state)
        self._offers = offered()
        self._actions = {measure.name: self._action(measure) for measure in self._offers}
        self._lay_out()
        self._throttler = Throttle(INTERVAL, self)
        self._throttler.triggered.connect(self._refresh)
        for signal in (state.measures_changed, state.results_reset, state.busy_changed):
            signal.connect(self._throttler.throttle)
        state.opened.connect(self._refresh)
        state.frame_changed.connect(self._frame_changed)
        state.playhead_changed.connect(self._figure.move_playhead)
        self._figure.scrubbed.connect(self._scrub)
        state.exploration_changed.connect(self._follow_measures)
        state.view_changed.connect(self._follow_view)
        self.set_theme(theme)
        self._follow_measures()
        self._show_choice()
        self._follow_view()
        self.setAccessibleName("Measures along the walk")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._figure.set_theme(theme)
        self._hint.setFont(theme.font(0.92))
        self._hint.setStyleSheet(f"color: {theme.faint}")

    @property
    def shown(self) -> tuple[str, ...]:
        """The names of the measures that are shown, from top to bottom."""
        return tuple(chart.measure.name for chart in self._figure.charts)

    def show_measures(self, names: tuple[str, ...]) -> None:
        """Show these measures, at most MOST_CHARTS, and have them computed if necessary."""
        self._state.show_measures(tuple(measure.name for measure in self._chosen(names)))

    def on_paper(self, theme: Theme | None = None) -> MeasureFigure:
        """Returns a new figure of the shown measures for export, by default in the plot's theme."""
        measures = [chart.measure for chart in self._figure.charts]
        return figure_on_paper(self._state, theme or self._theme, measures)

    # ── helpers ──────────────────────────────────────────────────────────────────────────────

    def _lay_out(self) -> None:
        self._choose.setPopupMode(Button.ToolButtonPopupMode.InstantPopup)
        menu = TickMenu(self)
        menu.setToolTipsVisible(True)
        menu.addActions(list(self._actions.values()))
        self._choose.setMenu(menu)
        self._numbers.setCheckable(True)
        self._numbers.clicked.connect(lambda shown: self._state.set_view(table=shown))
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setWordWrap(True)
        content = QWidget()
        inner = QVBoxLayout(content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addWidget(self._scoring)
        inner.addWidget(self._figure, 1)
        inner.addWidget(self._hint, 1)
        self._scroll.setWidget(content)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setMinimumHeight(LEAST_HEIGHT)
        row = QHBoxLayout()
        row.setContentsMargins(UNIT, UNIT, UNIT, 0)
        row.addWidget(self._choose)
        row.addStretch(1)
        row.addWidget(self._numbers)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, UNIT)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self._scroll, 1)

    def _action(self, measure: Offer) -> QAction:
        action = QAction(measure.label, self, checkable=True)
        action.setToolTip(plain_tip(measure.tip))
        action.setData(measure.name)
        action.triggered.connect(self._toggle)
        return action

    def _toggle(self, on: bool) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        name = str(action.data())
        others = tuple(n for n in self.shown if n != name)
        self.show_measures((*others[1 - MOST_CHARTS :], name) if on else others)

    def _chosen(self, names: tuple[str, ...]) -> list[Offer]:
        """Returns the last MOST_CHARTS of these measures."""
        return [measure for measure in self._offers if measure.name in names][-MOST_CHARTS:]

    def _follow_measures(self) -> None:
        """Show the measures of the exploration."""
        chosen = self._chosen(self._state.exploration.measures)
        if tuple(measure.name for measure in chosen) != self.shown:
            self._figure.set_measures(chosen)
            self._show_choice()

    def _show_choice(self) -> None:
        for name, action in self._actions.items():
            action.setChecked(name in self.shown)
        self._scoring.setVisible(any(chart.measure.scored for chart in self._figure.charts))
        self._refresh()

    def _follow_view(self) -> None:
        self._numbers.setChecked(self._state.view.table)
        self._figure.show_numbers(self._state.view.table)

    def _frame_changed(self, lane: int, index: int) -> None:
        """Refresh when a frame is finished. Previews have no values."""
        if self._state.results.lanes[lane].tiers[index] >= Tier.FINAL:
            self._throttler.throttle()

    def _refresh(self) -> None:
        seen = self._figure.refresh()
        self._figure.setVisible(seen)
        self._hint.setVisible(not seen)
        self._hint.setText(self._advice())
        self._figure.move_playhead()

    def _advice(self) -> str:
        """Returns a sentence that says what to do while there are no curves."""
        if not self._figure.charts:
            return "Choose a measure to draw its curve along the walk"
        if self._state.busy:
            return "Values appear as frames are finished"
        return "Press Generate (Ctrl+Enter) to compute the chosen measures"

    def _scrub(self, time: float) -> None:
        lanes = self._state.results.lanes
        if lanes:
            self._state.seek(lanes[0].frame_at(time))
