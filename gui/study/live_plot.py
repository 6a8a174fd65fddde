"""The curves of a running study: the means of all methods by γ."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QWidget

from engine.methods.contract import methods
from gui.study.live_means import Curves
from gui.widgets.fields import Choice
from gui.widgets.layouts import column
from gui.widgets.plain_text import plain_tip
from gui.widgets.theme import UNIT

#: The colour of methods that this program does not know.
_OTHER = "#999999"


class LivePlot(QWidget):
    """Shows one measure; the person chooses which."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves: dict[str, Curves] = {}
        self.measure = Choice()
        self.measure.setAccessibleName("Measure of the curves")
        self.measure.setToolTip(plain_tip("The measure whose means are shown by γ"))
        self.measure.currentIndexChanged.connect(self._draw)
        self.plot = pg.PlotWidget(background=self.palette().color(QPalette.ColorRole.Base))
        self.plot.setAccessibleName("Means of the finished cells by γ")
        self.plot.setMinimumHeight(30 * UNIT)
        self.plot.setLabel("bottom", "γ")
        self.plot.addLegend()
        layout = column(self, 0, UNIT)
        layout.addWidget(self.measure)
        layout.addWidget(self.plot)

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
        known = methods.names()
        for name, (gammas, means) in self.curves.items():
            method = name.replace(",", " ").partition(" ")[0]
            colour = methods.get(method).colour if method in known else _OTHER
            self.plot.plot(gammas, means, pen=pg.mkPen(colour, width=2), name=name)
