"""Curves of the chosen measures over the walk, one chart below the other."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget
from superqt.utils import QSignalThrottler

from gui.measure_chart import MeasureChart
from gui.measures import Offer, offered, theory_of, times_of, values_of
from gui.scoring_fields import ScoringFields
from gui.state import ExplorerState
from gui.summary import summary_html
from gui.theme import UNIT, Theme

#: Milliseconds between two repaints while values arrive.
INTERVAL = 120
#: More charts than this would be too low to read.
MOST_CHARTS = 3


class MetricsPlot(QWidget):
    """Owns which measures are shown. What the engine has to compute is asked of the state."""

    def __init__(self, state: ExplorerState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self._charts: list[MeasureChart] = []
        self._choose = QToolButton()
        self._hint, self._table = QLabel(), QLabel()
        self._numbers = QToolButton()
        self._scoring = ScoringFields(state)
        self._column = QVBoxLayout()
        self._offers = offered()
        self._actions = {measure.name: self._action(measure) for measure in self._offers}
        self._lay_out()
        self._throttler = QSignalThrottler(parent=self)
        self._throttler.setTimeout(INTERVAL)
        self._throttler.triggered.connect(self._refresh)
        for signal in (state.measures_changed, state.frame_changed, state.results_reset):
            signal.connect(self._throttler.throttle)
        state.playhead_changed.connect(self._move_playhead)
        state.measures_wanted_changed.connect(self._follow_wanted)
        self.set_theme(theme)
        self.show_measures(("latent_std", *state.wanted_measures))
        self.setAccessibleName("Measures along the walk")

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of another scheme."""
        self._theme = theme
        for chart in self._charts:
            chart.set_theme(theme)
        self._table.setFont(theme.font(0.88, digits=True))
        self._hint.setFont(theme.font(0.92))
        self._hint.setStyleSheet(f"color: {theme.faint}")
        self._show_table()

    @property
    def shown(self) -> tuple[str, ...]:
        """The names of the measures that are shown, from top to bottom."""
        return tuple(chart.measure.name for chart in self._charts)

    def show_measures(self, names: tuple[str, ...]) -> None:
        """Show these measures, at most MOST_CHARTS of them, and have them computed if need be."""
        chosen = [measure for measure in self._offers if measure.name in names][-MOST_CHARTS:]
        for chart in self._charts:
            self._column.removeWidget(chart)
            chart.hide()
            chart.deleteLater()
        self._charts = [MeasureChart(measure, self._theme) for measure in chosen]
        for chart in self._charts:
            chart.scrubbed.connect(self._scrub)
            self._column.addWidget(chart, 1)
        for name, action in self._actions.items():
            action.setChecked(name in self.shown)
        self._scoring.setVisible(any(measure.scored for measure in chosen))
        self._state.want_measures(tuple(m.name for m in chosen if not m.stat))
        self._refresh()

    # ── helpers ──────────────────────────────────────────────────────────────────────────────

    def _lay_out(self) -> None:
        self._choose.setText("Choose measures ▾")
        self._choose.setAutoRaise(True)
        self._choose.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._choose.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._choose.setToolTip("Which measures to draw along the walk")
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.addActions(list(self._actions.values()))
        self._choose.setMenu(menu)
        self._numbers.setText("Table")
        self._numbers.setCheckable(True)
        self._numbers.setAutoRaise(True)
        self._numbers.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._numbers.setToolTip("Each walk in numbers: scores, smoothness, least values")
        self._numbers.toggled.connect(self._refresh)
        self._table.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._table.setContentsMargins(2 * UNIT, UNIT, 2 * UNIT, UNIT)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setWordWrap(True)
        row = QHBoxLayout()
        row.setContentsMargins(UNIT, UNIT, UNIT, 0)
        row.addWidget(self._choose)
        row.addStretch(1)
        row.addWidget(self._numbers)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, UNIT)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self._scoring)
        column.addLayout(self._column, 1)
        column.addWidget(self._hint, 1)
        column.addWidget(self._table)

    def _action(self, measure: Offer) -> QAction:
        action = QAction(measure.label, self, checkable=True)
        action.setToolTip(measure.tip)
        action.setData(measure.name)
        action.triggered.connect(self._toggle)
        return action

    def _toggle(self, on: bool) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        name = str(action.data())
        others = tuple(n for n in self.shown if n != name)
        self.show_measures((*others[1 - MOST_CHARTS :], name) if on else others)

    def _follow_wanted(self) -> None:
        """A session or a preset may ask for measures: they are shown too."""
        missing = tuple(n for n in self._state.wanted_measures if n not in self.shown)
        if missing:
            self.show_measures((*self.shown, *missing))

    def _refresh(self) -> None:
        known = False
        for chart in self._charts:
            curves, theories = [], []
            for lane, results in enumerate(self._state.results.lanes):
                walk, method = results.lane.walk, results.lane.walk.method_of(0).name
                values, times = values_of(self._state, chart.measure, lane), times_of(walk)
                curves.append((method, times, values))
                known = known or bool(np.isfinite(values).any())
                path = results.path
                theory = theory_of(chart.measure, walk, path.dimension) if path else None
                if theory is not None:
                    theories.append((method, *theory))
            chart.set_curves(curves, theories)
        self._show_hint(known)
        self._show_table()
        self._move_playhead()

    def _show_hint(self, known: bool) -> None:
        """What to do as long as there is nothing to see."""
        for chart in self._charts:
            chart.setVisible(known)
        self._hint.setVisible(not known)
        if not self._charts:
            self._hint.setText("Choose a measure to see it along the walk")
        elif self._state.busy:
            self._hint.setText("Values appear as frames are finished")
        else:
            self._hint.setText("Generate (Ctrl+Enter) computes the chosen measures")

    def _show_table(self) -> None:
        self._table.setVisible(self._numbers.isChecked())
        if self._numbers.isChecked():
            shown = [chart.measure for chart in self._charts]
            self._table.setText(summary_html(self._state, shown, self._theme))

    def _move_playhead(self) -> None:
        last = max(self._state.frame_count - 1, 1)
        for chart in self._charts:
            chart.set_playhead(self._state.playhead / last)

    def _scrub(self, time: float) -> None:
        self._state.seek(round(time * max(self._state.frame_count - 1, 1)))
