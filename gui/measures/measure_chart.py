"""The chart of one measure: one curve for each lane over the time of the walk."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPen, QTextDocument
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.measures.measure_values import Offer, Values
from gui.widgets.layouts import OneLine, grow
from gui.widgets.plain_text import PlainLabel, RichLabel, plain_tip
from gui.widgets.theme import UNIT, Theme, tint

#: Most values drawn with dots, and most lanes named in a live chart.
MOST_DOTS, MOST_NAMES = 40, 4
#: Least height of a chart, in pixels. Three charts must leave enough room for the plane above.
LEAST_HEIGHT = 12 * UNIT


@dataclass(frozen=True, slots=True)
class Line:
    """A curve: the lane's title, its method, and the values [n] at times [n] in 0…1."""

    title: str
    method: str
    times: Values
    values: Values

    def equals(self, other: Line) -> bool:
        """True if both lines have the same title, method, times and values."""
        return (self.title, self.method) == (other.title, other.method) and all(
            np.array_equal(mine, others, equal_nan=True)
            for mine, others in ((self.times, other.times), (self.values, other.values))
        )


class ScrubBox(pg.ViewBox):
    """A view box that emits clicks and drags as times, and does not pan the curves.

    Signals: scrubbed(time).
    """

    scrubbed = Signal(float)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseEnabled(False, False)

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        event.accept()
        self._tell(event.pos())

    def mouseClickEvent(self, event: Any) -> None:
        event.accept()
        self._tell(event.pos())

    def _tell(self, position: QPointF) -> None:
        self.scrubbed.emit(float(self.mapToView(position).x()))


class MeasureChart(QWidget):
    """Owns the curves of one measure. A live chart shows a playhead and the values there. A chart
    for export shows the axis of time instead.

    Signals: scrubbed(time), with the time in [0, 1] at the mouse.
    """

    scrubbed = Signal(float)

    def __init__(self, measure: Offer, theme: Theme, *, live: bool = True) -> None:
        super().__init__()
        self.measure, self._theme, self._live = measure, theme, live
        box = ScrubBox()
        box.scrubbed.connect(self.scrubbed)
        self._plot = pg.PlotWidget(viewBox=box)
        self._plot.setAcceptDrops(False)  # the window handles drops
        self._plot.setMinimumHeight(LEAST_HEIGHT)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.getPlotItem().hideButtons()
        self._plot.getPlotItem().showAxis("bottom", not live)
        self._plot.setXRange(0.0, 1.0, padding=0.015)
        self._head = grow(RichLabel())
        self._text = OneLine()
        self._text.hide()
        self._failure = PlainLabel()
        self._failure.setWordWrap(True)
        self._failure.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._failure.hide()
        self._curves: list[Line] = []
        self._theories: list[Line] = []
        self._drawn: object = None
        self._frame = 0
        self._playhead = pg.InfiniteLine(0.0, angle=90)
        self._playhead.setZValue(10)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * UNIT, UNIT, UNIT, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self._text)
        column.addWidget(self._plot, 1)
        column.addWidget(self._failure, 1)
        self.setAccessibleName(measure.label)
        self.setToolTip(plain_tip(measure.tip))
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._plot.setBackground(QColor(theme.background))
        for name in ("left", "bottom"):
            axis = self._plot.getPlotItem().getAxis(name)
            axis.setPen(QPen(Qt.PenStyle.NoPen))
            axis.setTickPen(QPen(QColor(theme.muted), 0))
            axis.setTextPen(QColor(theme.faint))
            axis.setStyle(tickFont=theme.font(0.78, digits=True), tickLength=0, maxTickLevel=0)
            axis.setGrid(28)
        self._plot.getPlotItem().getAxis("left").setWidth(9 * UNIT)
        if not self._live:
            self._plot.getPlotItem().setLabel("bottom", "γ", color=theme.faint)
        self._playhead.setPen(self._pen(QColor(theme.accent), 1.0))
        self._head.setFont(theme.font(0.88, digits=True))
        self._text.setFont(theme.font(0.82))
        self._text.setStyleSheet(f"color: {theme.faint}")
        self._failure.setFont(theme.font(0.92))
        self._failure.setStyleSheet(f"color: {theme.warning}")
        self._draw()

    def set_curves(self, curves: list[Line], theories: list[Line]) -> None:
        """Set the measured curves, and the expected ones, which are drawn behind them."""
        known, self._curves, self._theories = (*self._curves, *self._theories), curves, theories
        if self._looks() != self._drawn:
            self._draw()
        elif not all(map(Line.equals, known, (*curves, *theories))):
            self._fill()

    def set_text(self, text: str) -> None:
        """Say below the title what the pictures are compared with; "" for nothing."""
        self._text.set_whole(text)
        self._text.setVisible(bool(text))

    def set_failure(self, reason: str) -> None:
        """Show the reason why there are no curves. "" shows the curves."""
        self._failure.setText(reason)
        self._failure.setVisible(bool(reason))
        self._plot.setVisible(not reason)

    def set_playhead(self, time: float, frame: int) -> None:
        """Move the playhead's line to a time, and show each lane's value at a frame."""
        self._playhead.setValue(time)
        self._frame = frame
        self._show_head()

    def _show_head(self) -> None:
        named = not self._live or 1 < len(self._curves) <= MOST_NAMES
        text = self._head_text(named)
        if named and self._live and rich_width(text, self._head.font()) > self._head.width():
            text = self._head_text(False)  # colours tell the lanes apart
        self._head.setText(text)

    def _head_text(self, named: bool) -> str:
        unit = f" ({self.measure.unit})" if self.measure.unit else ""
        title = escape(self.measure.label + unit)
        words = [f'<span style="color:{self._theme.muted}">{title}</span>']
        words += [self._legend(line, named) for line in self._curves]
        return "&nbsp;&nbsp; ".join(words)

    def _legend(self, line: Line, named: bool) -> str:
        """Returns a lane's title (if lanes are named) and, in a live chart, its value now."""
        words = [escape(line.title)] if named else []
        if self._live:
            here = line.values[min(self._frame, len(line.values) - 1)]
            words.append(f"<b>{here:.3g}</b>" if np.isfinite(here) else "<b>–</b>")
        colour = self._theme.method_ink(line.method)
        return f'<span style="color:{colour}">{" ".join(words)}</span>'

    def _looks(self) -> object:
        """Returns everything that the items depend on, except the values."""
        methods = [[line.method for line in lines] for lines in (self._curves, self._theories)]
        return methods, self._theme, self.devicePixelRatioF()

    def _draw(self) -> None:
        """Create new items. This is much slower than `_fill`, which sets new values."""
        self._drawn = self._looks()
        self._plot.clear()
        self._expected = [self._dashes(line) for line in self._theories]
        self._measured = [self._curve(line) for line in self._curves]
        for item in (*self._expected, *self._measured):
            self._plot.addItem(item)
        if self._live:
            self._plot.addItem(self._playhead, ignoreBounds=True)
        self._fill()

    def _fill(self) -> None:
        """Set the values of the items. A line joins known neighbours; a missing value is a gap."""
        for item, line in zip(self._expected, self._theories, strict=True):
            item.setData(line.times, line.values)
        for item, line in zip(self._measured, self._curves, strict=True):
            known = np.flatnonzero(np.isfinite(line.values))
            joined = np.diff(known, append=-1) == 1  # to the next one, where no frame is between
            dots = "o" if len(known) <= MOST_DOTS or _is_one_alone(joined) else None
            item.setData(line.times[known], line.values[known], symbol=dots, connect=joined)
        self._fit()
        self._show_head()

    def _dashes(self, line: Line) -> Any:
        pen = self._pen(tint(self._theme.method_colour(line.method), 0.55), 1.0)
        pen.setStyle(Qt.PenStyle.DashLine)
        return pg.PlotCurveItem(pen=pen, antialias=True)

    def _pen(self, colour: QColor, width: float) -> QPen:
        """Returns a pen with a constant width. Its width is in device pixels, so it is scaled by
        the device pixel ratio."""
        pen = QPen(colour, width * self.devicePixelRatioF())
        pen.setCosmetic(True)
        return pen

    def _curve(self, line: Line) -> Any:
        colour = QColor(self._theme.method_colour(line.method))
        item = pg.PlotDataItem(
            pen=self._pen(colour, 1.8),
            symbolSize=4,
            symbolPen=None,
            symbolBrush=colour,
            antialias=True,
            autoDownsample=self._live,
            useCache=self._live,  # a cache holds pixels, but exports need shapes
        )
        if self._live:  # the playhead above it is repainted 60 times a second
            item.curve.setCacheMode(item.curve.CacheMode.DeviceCoordinateCache)
        return item

    def _fit(self) -> None:
        """Fit the axis to all values. Its range is at least 1 % of their size, so that rounding
        noise is not magnified."""
        parts = [line.values for line in (*self._curves, *self._theories)]
        known = np.concatenate([*parts, np.empty(0)])
        known = known[np.isfinite(known)]
        if known.size:
            low = min(float(known.min()), self.measure.low)
            high = max(float(known.max()), self.measure.high)
            least = max(abs(low), abs(high), 1e-6) * 0.01
            room = max(high - low, least) * 0.12
            self._plot.setYRange(low - room, high + room, padding=0)


def rich_width(text: str, font: QFont) -> float:
    """Returns the width of rich text in one line, in pixels."""
    document = QTextDocument()
    document.setDefaultFont(font)
    document.setHtml(text)
    return document.idealWidth()


def _is_one_alone(joined: npt.NDArray[np.bool_]) -> bool:
    """True if a point has no line to either neighbour; `joined` [n] marks lines to the next one."""
    return bool((~joined & ~np.roll(joined, 1)).any())
