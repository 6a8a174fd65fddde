"""Handles files that are dropped on the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMenu, QWidget

from engine.documents.session_file import SUFFIX
from gui.files.documents import Documents


class Drops(QObject):
    """Handles drops on the window. It opens a session, passes a model to `open_model`, and shows a
    menu for a picture, a video or a folder of pictures."""

    def __init__(
        self, window: QWidget, documents: Documents, open_model: Callable[[str], None]
    ) -> None:
        super().__init__(window)
        self._window, self._documents = window, documents
        self._open_model = open_model
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
        if _is_model(path):
            self._open_model(str(path))
        elif path.suffix == SUFFIX:
            self._documents.open(path)
        else:
            self.menu(path).popup(self._window.mapToGlobal(place))

    def menu(self, path: Path) -> QMenu:
        """Returns a menu of what can be opened from a picture, a video or a folder of pictures."""
        menu = QMenu(self._window)
        menu.aboutToHide.connect(menu.deleteLater)
        documents = self._documents
        menu.addAction("Open its session", lambda: documents.open(path))
        menu.addAction("Use only its noise", lambda: documents.take_noise(path))
        menu.addAction("Use only its prompt", lambda: documents.take_prompt(path))
        return menu


def _is_model(path: Path) -> bool:
    return path.suffix == ".safetensors" or (path / "model_index.json").is_file()
