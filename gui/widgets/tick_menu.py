"""A menu that stays open while its actions are ticked."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu

from gui.widgets.fields import ENTER_KEYS


class TickMenu(QMenu):
    """A click, Space or Enter toggles a checkable action and does not close the menu."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._tick():
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = (*ENTER_KEYS, Qt.Key.Key_Space)
        if event.key() not in keys or not self._tick():
            super().keyPressEvent(event)

    def _tick(self) -> bool:
        """Trigger the active action if it is checkable. Returns True if it was."""
        action = self.activeAction()
        ticks = action is not None and action.isEnabled() and action.isCheckable()
        if ticks:
            action.trigger()
        return ticks
