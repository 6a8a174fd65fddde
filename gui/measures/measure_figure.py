"""The charts of the chosen measures, and a table with a summary of each lane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.measuring.scoring_text import scoring_label
from gui.measures.measure_chart import Line, MeasureChart
from gui.measures.measure_values import Offer, theory_of, values_of
from gui.measures.summary import summary_html, summary_of
from gui.state.explorer_state import ExplorerState
from gui.widgets.plain_text import PlainLabel, RichLabel
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
        self._notes = PlainLabel()
        self._notes.setWordWrap(True)
        self._notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._notes.setContentsMargins(2 * UNIT, 0, 2 * UNIT, UNIT)
        for label in (self._table, self._notes):
            label.hide()
        self._numbers = False
        self._stack = QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._stack, 1)
        column.addWidget(self._table)
        column.addWidget(self._notes)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        for chart in self.charts:
            chart.set_theme(theme)
        self._table.setFont(theme.font(0.88, digits=True))
        self._notes.setFont(theme.font(0.82))
        self._notes.setStyleSheet(f"color: {theme.faint}")
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
            chart.set_text(self._scoring_label() if chart.measure.compares else "")
            seen = seen or bool(reason) or any(np.isfinite(x.values).any() for x in lines)
        self._show_table()
        return seen

    def move_playhead(self) -> None:
        """Move the playheads of all charts to the state's."""
        lanes, here = self._state.results.lanes, self._state.playhead
        walk = lanes[0].lane.walk if lanes else self._state.exploration.walk
        for chart in self.charts:
            chart.set_playhead(walk.time_of(here), here)

    def paper_height(self) -> int:
        """Returns the height of the exported charts and table, in pixels."""
        table = self._table.sizeHint().height() + self._notes.heightForWidth(PAPER_WIDTH)
        return PAPER_HEIGHT * len(self.charts) + table

    def _lines(self, measure: Offer) -> tuple[list[Line], list[Line]]:
        """Returns the measured values of each lane, and the values that theory expects."""
        lines, theories = [], []
        for number, results in enumerate(self._state.results.lanes):
            lane, path = results.lane, results.path
            method = lane.walk.method_of(0).name
            values = values_of(self._state, measure, number)
            lines.append(Line(lane.title, method, results.times, values))
            size = (path.dimension, path.channels) if path else None
            theory = theory_of(measure, lane.walk, *size) if size else None
            if theory is not None:
                theories.append(Line("", method, *theory))
        return lines, theories

    def _scoring_label(self) -> str:
        """The text that the pictures of the lanes were compared with."""
        results = self._state.results
        labels = {scoring_label(results.scoring_text, x.lane.walk) for x in results.lanes}
        return f"with “{labels.pop()}”" if len(labels) == 1 else "with the prompt of each walk"

    def _show_table(self) -> None:
        for label in (self._table, self._notes):
            label.setVisible(self._numbers)
        if self._numbers:
            table = summary_of(self._state, [chart.measure for chart in self.charts])
            self._table.setText(summary_html(table, self._state, self._theme))
            self._notes.setText("\n".join(table.notes))


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
