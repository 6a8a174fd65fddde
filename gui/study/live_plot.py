"""The curves of a running study: the means of all methods by γ, read from its file."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pyqtgraph as pg
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QWidget

from engine.methods.contract import methods
from gui.widgets.fields import Choice
from gui.widgets.layouts import column
from gui.widgets.plain_text import plain_tip
from gui.widgets.theme import UNIT

FILE = "live.csv"
#: The colour of methods that this program does not know.
_OTHER = "#999999"
Curves = dict[str, tuple[list[float], list[float]]]


class LivePlot(QWidget):
    """Shows one measure of the file; the person chooses which."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves: dict[str, Curves] = {}
        self._methods: dict[str, str] = {}
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

    def read(self, folder: Path) -> None:
        """Read the file of a study; without one, nothing changes."""
        try:
            text = (folder / FILE).read_text("utf-8")
        except OSError:
            return
        found: dict[str, Curves] = defaultdict(dict)
        rows = list(csv.DictReader(text.splitlines()))
        several = [key for key in ("model", "guidance") if len({row[key] for row in rows}) > 1]
        for row in rows:
            if not row["mean"]:
                continue  # the first frame has no step
            name = ", ".join(row[key] for key in ("method", *several))
            self._methods[name] = row["method"]
            curve = found[row["measure"]].setdefault(name, ([], []))
            curve[0].append(float(row["gamma"]))
            curve[1].append(float(row["mean"]))
        if list(found) != list(self._curves):
            self._curves = dict(found)
            self.measure.offer([(name, name) for name in found])
        self._curves = dict(found)
        self._draw()

    def _draw(self) -> None:
        self.plot.clear()
        known = methods.names()
        for name, (gammas, means) in self.curves.items():
            method = self._methods[name]
            colour = methods.get(method).colour if method in known else _OTHER
            self.plot.plot(gammas, means, pen=pg.mkPen(colour, width=2), name=name)
