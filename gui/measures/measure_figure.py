"""The charts of the chosen measures, and a table with a summary of each lane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.measures.measure_chart import Line, MeasureChart
from gui.measures.measure_values import Offer, theory_of, times_of, values_of
from gui.measures.summary import summary_html
from gui.state.explorer_state import ExplorerState
from gui.widgets.plain_text import RichLabel
from gui.widgets.theme import UNIT, Theme

#: Width of an exported figure and height of each chart, in pixels.
PAPER_WIDTH, PAPER_HEIGHT = 960, 230


class MeasureFigure(QWidget):
    """Owns the charts of the chosen measures, and the table below them.

    A live figure follows the playhead. A figure for export shows the axis of time instead.

    Signals: scrubbed(time), with the time in [0, 1] at the mouse.
    """

    scrubbed = Signal(float)

    def __init__(self, state: ExplorerState, theme: Theme, *, live: bool = True) -> None:
        super().__init__()
        self._state, self._theme, self._live = state, theme, live
        self.charts: list[MeasureChart] = []
        self.setAccessibleName("Measures along the walk")
        self._table = RichLabel()
        self._table.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._table.setContentsMargins(2 * UNIT, UNIT, 2 * UNIT, UNIT)
        self._table.hide()
        self._numbers = False
        self._stack = QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._stack, 1)
        column.addWidget(self._table)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        for chart in self.charts:
            chart.set_theme(theme)
        self._table.setFont(theme.font(0.88, digits=True))
        self._show_table()

    def set_measures(self, measures: Sequence[Offer]) -> None:
        """Show charts of these measures, from top to bottom."""
        for chart in self.charts:
            self._stack.removeWidget(chart)
            chart.hide()
            chart.deleteLater()
        self.charts = [MeasureChart(measure, self._theme, live=self._live) for measure in measures]
        for chart in self.charts:
            chart.scrubbed.connect(self.scrubbed)
            self._stack.addWidget(chart, 1)

    def show_numbers(self, shown: bool) -> None:
        """Show or hide the table."""
        self._numbers = shown
        self._show_table()

    def refresh(self) -> bool:
        """Read the values again. Returns True if there are any."""
        seen = False
        for chart in self.charts:
            reason = self._state.results.unmeasured.get(chart.measure.name, "")
            lines, theories = self._lines(chart.measure)
            chart.set_curves(lines, theories)
            chart.set_failure(reason)
            seen = seen or bool(reason) or any(np.isfinite(x.values).any() for x in lines)
        self._show_table()
        return seen

    def move_playhead(self) -> None:
        """Move the playheads of all charts to the state's."""
        last = max(self._state.frame_count - 1, 1)
        for chart in self.charts:
            chart.set_playhead(self._state.playhead / last)

    def paper_height(self) -> int:
        """Returns the height of the exported charts and table, in pixels."""
        return PAPER_HEIGHT * len(self.charts) + self._table.sizeHint().height()

    def _lines(self, measure: Offer) -> tuple[list[Line], list[Line]]:
        """Returns the measured values of each lane, and the values that theory expects."""
        lines, theories = [], []
        for number, results in enumerate(self._state.results.lanes):
            lane, path = results.lane, results.path
            method = lane.walk.method_of(0).name
            values = values_of(self._state, measure, number)
            lines.append(Line(lane.title, method, times_of(lane.walk), values))
            theory = theory_of(measure, lane.walk, path.dimension) if path else None
            if theory is not None:
                theories.append(Line("", method, *theory))
        return lines, theories

    def _show_table(self) -> None:
        self._table.setVisible(self._numbers)
        if self._numbers:
            shown = [chart.measure for chart in self.charts]
            self._table.setText(summary_html(self._state, shown, self._theme))


def figure_on_paper(state: ExplorerState, theme: Theme, measures: Sequence[Offer]) -> MeasureFigure:
    """Returns a new figure of these measures, with the table, for export."""
    figure = MeasureFigure(state, theme, live=False)
    figure.setStyleSheet(f"background: {theme.background}")
    figure.set_measures(measures)
    figure.show_numbers(True)
    figure.set_theme(theme)
    figure.refresh()
    figure.resize(PAPER_WIDTH, figure.paper_height())
    return figure
