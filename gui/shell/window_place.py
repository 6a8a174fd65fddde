"""Fits the window to its screen, and keeps floating panels above it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDockWidget, QMainWindow

#: Estimated size of the window's frame in pixels; the real one is known after the window is shown.
FRAME = QSize(8, 36)


def fit_to_screen(window: QMainWindow) -> None:
    """Maximise a window that is larger than its screen, also one of a restored layout."""
    free = _screen_of(window).size() - FRAME
    wanted = window.size()
    if wanted.width() <= free.width() and wanted.height() <= free.height():
        return
    window.resize(wanted.boundedTo(free))
    window.setWindowState(window.windowState() | Qt.WindowState.WindowMaximized)


def hide_floating(window: QMainWindow) -> list[QDockWidget]:
    """Hide the floating panels and return them. Show them after the window is on the screen.

    Window managers keep a panel above its window only if the window was shown before it.
    """
    floating = [dock for dock in window.findChildren(QDockWidget) if dock.isFloating()]
    shown = [dock for dock in floating if not dock.isHidden()]
    for dock in shown:
        dock.hide()
    return shown


def _screen_of(window: QMainWindow) -> QRect:
    """The available part of the screen at the window's centre."""
    screen = QGuiApplication.screenAt(window.geometry().center()) or window.screen()
    return screen.availableGeometry()
