"""Handles files that are dropped on the window."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMenu, QWidget

from engine.export.recall import Recalled
from gui.files.documents import Documents
from gui.files.file_look import Found


class Drops(QObject):
    """Handles drops on the window. It opens a session, and shows a menu for a picture, a video or a
    folder of pictures. A model is one of the signals of `documents`."""

    def __init__(self, window: QWidget, documents: Documents) -> None:
        super().__init__(window)
        self._window, self._documents = window, documents
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDropEvent):
            paths = [Path(url.toLocalFile()) for url in event.mimeData().urls()]
            paths = [path for path in paths if path.name]
            if not paths:
                return False
            event.acceptProposedAction()
            if not isinstance(event, QDragEnterEvent) and event.type() == QEvent.Type.Drop:
                self.take(paths[0], event.position().toPoint())
            return True
        return False

    def take(self, path: Path, place: QPoint) -> None:
        """Open the file according to its type."""
        self._documents.look(path, partial(self._taken, place))

    def menu(self, found: Found, recalled: Recalled) -> QMenu:
        """Returns a menu of what can be opened from a picture, a video or a folder of pictures."""
        menu = QMenu(self._window)
        menu.aboutToHide.connect(menu.deleteLater)
        documents = self._documents
        menu.addAction("Open its session", lambda: documents.adopt(found))
        menu.addAction("Use only its noise", lambda: documents.take_noise(recalled))
        menu.addAction("Use only its prompt", lambda: documents.take_prompt(recalled))
        return menu

    def _taken(self, place: QPoint, found: Found) -> None:
        if found.is_session:
            self._documents.adopt(found)
        elif found.recalled is not None:
            self.menu(found, found.recalled).popup(self._window.mapToGlobal(place))
