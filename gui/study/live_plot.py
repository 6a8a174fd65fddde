"""The curves of a running study: the means of all methods by γ."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtWidgets import QWidget

from gui.study.live_means import Curves
from gui.widgets.fields import Choice
from gui.widgets.layouts import column
from gui.widgets.plain_text import plain_tip
from gui.widgets.theme import DARK, UNIT, Theme


class LivePlot(QWidget):
    """Shows one measure; the person chooses which."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves: dict[str, Curves] = {}
        self._theme: Theme = DARK
        self.measure = Choice()
        self.measure.setAccessibleName("Measure of the curves")
        self.measure.setToolTip(plain_tip("The measure whose means are shown by γ"))
        self.measure.currentIndexChanged.connect(self._draw)
        self.plot = pg.PlotWidget()
        self.plot.setAccessibleName("Means of the finished cells by γ")
        self.plot.setMinimumHeight(30 * UNIT)
        self.plot.setLabel("bottom", "γ")
        self._legend = self.plot.addLegend()
        layout = column(self, 0, UNIT)
        layout.addWidget(self.measure)
        layout.addWidget(self.plot)
        self.set_theme(self._theme)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.plot.setBackground(theme.canvas)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(theme.faint)
            axis.setTextPen(theme.muted)
        self._legend.setLabelTextColor(theme.text)
        self._draw()

    @property
    def curves(self) -> Curves:
        """The curves of the chosen measure: method → (γ, means). With several models or guidances,
        each has a curve, and the names have both."""
        return self._curves.get(str(self.measure.currentData()), {})

    def show_curves(self, curves: dict[str, Curves]) -> None:
        """Show the curves of each measure."""
        new = list(curves) != list(self._curves)
        self._curves = curves
        if new:
            self.measure.offer([(name, name) for name in curves])
        self._draw()

    def _draw(self) -> None:
        self.plot.clear()
        for name, (gammas, means) in self.curves.items():
            method = name.replace(",", " ").partition(" ")[0]
            pen = pg.mkPen(self._theme.method_colour(method), width=2)
            self.plot.plot(gammas, means, pen=pen, name=name)
