"""Layouts of fields: rows, columns, forms, headings and notes."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.widgets.plain_text import PlainLabel, plain_tip
from gui.widgets.theme import UNIT

Widget = TypeVar("Widget", bound=QWidget)


def heading(text: str) -> PlainLabel:
    """Returns the title of a group of fields."""
    label = PlainLabel(text)
    label.setObjectName("heading")
    return label


def note(text: str = "") -> PlainLabel:
    """Returns a label in muted text that wraps."""
    label = PlainLabel(text)
    label.setObjectName("note")
    label.setWordWrap(True)
    return label


class OneLine(PlainLabel):
    """A label in muted text with one line. A text that does not fit is shown in the tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = ""
        self.setObjectName("note")
        grow(self)

    def set_whole(self, text: str) -> None:
        """Show a text, shortened if it does not fit."""
        self._whole = text
        self.setToolTip(plain_tip(text))
        self.setAccessibleName(text)
        self._fit()

    def _fit(self) -> None:
        end = Qt.TextElideMode.ElideRight
        self.setText(self.fontMetrics().elidedText(self._whole, end, self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


def rule() -> QFrame:
    """Returns a thin line between two groups."""
    line = QFrame()
    line.setObjectName("rule")
    line.setFixedHeight(1)
    return line


def form(parent: QWidget | None = None) -> QFormLayout:
    """Returns a layout with labels beside their fields."""
    layout = QFormLayout(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setHorizontalSpacing(4 * UNIT)
    layout.setVerticalSpacing(2 * UNIT)
    layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return layout


def add_row(layout: QFormLayout, text: str, field: QWidget, tip: str = "") -> None:
    """Adds a field with its label, vertically centred. The label's text is the field's accessible
    name, and both have the tooltip `tip`."""
    field.setSizePolicy(QSizePolicy.Policy.Expanding, field.sizePolicy().verticalPolicy())
    if isinstance(field, QComboBox):  # otherwise it shrinks when its contents change
        least = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        field.setSizeAdjustPolicy(least)
        field.setMinimumContentsLength(12)
    layout.addRow(text, field)
    label = layout.labelForField(field)
    if label is not None:  # otherwise Qt aligns the label with the top of a high field
        label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
    for widget in (label, field):
        if widget is not None and tip:
            widget.setToolTip(plain_tip(tip))


def row(*parts: QWidget | int, spacing: int = UNIT) -> QHBoxLayout:
    """Returns a layout of widgets side by side. A number is a stretch factor for the gap."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for part in parts:
        layout.addStretch(part) if isinstance(part, int) else layout.addWidget(part)
    return layout


def column(parent: QWidget, margin: int = 0, spacing: int = 2 * UNIT) -> QVBoxLayout:
    """Returns a layout from top to bottom with equal margins."""
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    return layout


def grow(widget: Widget) -> Widget:
    """Lets a widget take all available width, and shrink if there is less."""
    policy = widget.sizePolicy()
    policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
    policy.setHorizontalStretch(1)
    widget.setSizePolicy(policy)
    return widget
