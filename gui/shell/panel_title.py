"""The title bar of a panel, with buttons that undock and close it."""

from __future__ import annotations

from PySide6.QtWidgets import QDockWidget, QWidget

from gui.widgets.fields import Button
from gui.widgets.layouts import row
from gui.widgets.plain_text import PlainLabel
from gui.widgets.theme import UNIT, Theme


class PanelTitle(QWidget):
    """Shows the dock's title. It ignores mouse presses, so that the dock can be dragged by it."""

    def __init__(self, dock: QDockWidget, theme: Theme) -> None:
        super().__init__(dock)
        title = dock.windowTitle()
        label = PlainLabel(title.upper())
        label.setObjectName("panel")
        self._float = Button(f"Undock {title}", "Undock this panel, or dock it", picture="float")
        self._float.clicked.connect(lambda: dock.setFloating(not dock.isFloating()))
        self._close = Button(
            f"Close {title}", "Close; View ▸ Panels shows it again", picture="close"
        )
        self._close.clicked.connect(dock.close)
        layout = row(label, 1, self._float, self._close, spacing=0)
        layout.setContentsMargins(4 * UNIT, UNIT, 2 * UNIT, 0)
        self.setLayout(layout)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        for button in (self._float, self._close):
            button.set_theme(theme, theme.faint)
