"""Where fields stand, and the words around them: rows, columns, forms, headings and notes."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.widgets.theme import UNIT

Widget = TypeVar("Widget", bound=QWidget)


def heading(text: str) -> QLabel:
    """The small title of a group of fields."""
    label = QLabel(text)
    label.setObjectName("heading")
    return label


def note(text: str = "") -> QLabel:
    """A quiet remark that wraps."""
    label = QLabel(text)
    label.setObjectName("note")
    label.setWordWrap(True)
    return label


class OneLine(QLabel):
    """A quiet remark in one line; what does not fit is in the tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = ""
        self.setObjectName("note")
        grow(self)

    def set_whole(self, text: str) -> None:
        """Show a text as far as it fits."""
        self._whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self._fit()

    def _fit(self) -> None:
        end = Qt.TextElideMode.ElideRight
        self.setText(self.fontMetrics().elidedText(self._whole, end, self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


def rule() -> QFrame:
    """A thin line between two groups."""
    line = QFrame()
    line.setObjectName("rule")
    line.setFixedHeight(1)
    return line


def form(parent: QWidget | None = None) -> QFormLayout:
    """Labels beside their fields."""
    layout = QFormLayout(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setHorizontalSpacing(4 * UNIT)
    layout.setVerticalSpacing(2 * UNIT)
    layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return layout


def add_row(layout: QFormLayout, text: str, field: QWidget, tip: str = "") -> None:
    """A field with its label, whose middles are level; it is named and explained as both are."""
    field.setSizePolicy(QSizePolicy.Policy.Expanding, field.sizePolicy().verticalPolicy())
    if isinstance(field, QComboBox):  # else it shrinks to its contents when they change
        least = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        field.setSizeAdjustPolicy(least)
        field.setMinimumContentsLength(12)
    layout.addRow(text, field)
    label = layout.labelForField(field)
    if label is not None:  # without, Qt keeps a label near the top of a field that is higher
        label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
    for widget in (label, field):
        if widget is not None and tip:
            widget.setToolTip(tip)


def row(*parts: QWidget | int, spacing: int = UNIT) -> QHBoxLayout:
    """Widgets side by side; a number stretches the gap by that weight."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for part in parts:
        layout.addStretch(part) if isinstance(part, int) else layout.addWidget(part)
    return layout


def column(parent: QWidget, margin: int = 0, spacing: int = 2 * UNIT) -> QVBoxLayout:
    """A layout from top to bottom with even margins."""
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    return layout


def grow(widget: Widget) -> Widget:
    """Let a widget take the width there is, and no more than that."""
    policy = widget.sizePolicy()
    policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
    policy.setHorizontalStretch(1)
    widget.setSizePolicy(policy)
    return widget
