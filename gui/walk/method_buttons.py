"""The buttons of the interpolation methods: one for each, and one with a menu of further ones."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QMenu, QWidget

from engine.methods.contract import Method, methods
from gui.widgets.fields import ENTER_KEYS
from gui.widgets.theme import UNIT, Theme, tint

#: Height of a method's button, in pixels.
HEIGHT = 6 * UNIT + 2
MORE = "More ▾"


def explained(name: str) -> str:
    """Returns a method's docstring as a tooltip: the formula, then the properties."""
    text = inspect.getdoc(methods.get(name)) or ""
    paragraphs = [part.replace("\n", " ") for part in text.split("\n\n")]
    return "".join(f"<p>{part}</p>" for part in [f"<b>{methods.get(name).label}</b>", *paragraphs])


class MethodButton(QAbstractButton):
    """The button of a method: a dot in its colour, its name, and a tinted ground if checked."""

    def __init__(self, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._theme = name, theme
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.show_method(name)

    def show_method(self, name: str) -> None:
        """Show the label, colour and explanation of a method."""
        method: type[Method] = methods.get(name)
        self._name = name
        self.setText(method.label)
        self.setAccessibleName(f"Method {method.label}")
        self.setToolTip(explained(name))
        self.set_theme(self._theme)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._colour = theme.method_colour(self._name)
        self.update()

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(width + 8 * UNIT, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(12 * UNIT, HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER_KEYS:
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isChecked():
            painter.setBrush(tint(self._colour, 0.20))
        else:
            painter.setBrush(tint(self._theme.text, 0.06 if self.underMouse() else 0.0))
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.accent), 1))
        painter.drawRoundedRect(place, UNIT + 2, UNIT + 2)
        self._paint_dot(painter, place)
        painter.setPen(QColor(self._theme.text if self.isChecked() else self._theme.muted))
        text = place.adjusted(6 * UNIT, 0, -UNIT, 0)
        shown = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, int(text.width())
        )
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_dot(self, painter: QPainter, place: QRectF) -> None:
        dot = QRectF(0, 0, 9, 9)
        dot.moveCenter(place.center())
        dot.moveLeft(2 * UNIT + 1)
        painter.setPen(QPen(QColor(self._colour), 1.8))
        painter.setBrush(QColor(self._colour) if self.isChecked() else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(dot)


class MoreButton(MethodButton):
    """A button with a menu of the methods `names`. It shows the chosen one of them.

    `choose` is called with the name of the method that a person chooses.
    """

    def __init__(self, names: Sequence[str], choose: Callable[[str], None], theme: Theme) -> None:
        super().__init__(names[0], theme)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._actions = {name: self._menu.addAction(methods.get(name).label) for name in names}
        for name, action in self._actions.items():
            action.setCheckable(True)
            action.setToolTip(explained(name))
            action.triggered.connect(lambda _=False, name=name: choose(name))
        self.clicked.connect(self._open)
        self.show_chosen(())

    def show_chosen(self, chosen: Collection[str]) -> None:
        """Tick the methods of the menu that are among the `chosen`, and show the first of them."""
        own = [name for name in self._actions if name in chosen]
        for name, action in self._actions.items():
            action.setChecked(name in own)
        if own:
            self.show_method(own[0])
            self.setText(f"{self.text()} ▾")
        else:
            self.setText(MORE)
            self.setAccessibleName("More methods")
            self.setToolTip("Further methods")
        self.setChecked(bool(own))

    def _open(self) -> None:
        # A click toggles the button; its state is that of the methods in the menu.
        self.setChecked(any(action.isChecked() for action in self._actions.values()))
        self._menu.popup(self.mapToGlobal(self.rect().bottomLeft()))
