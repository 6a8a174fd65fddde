"""Looks at a file that a person opens or drops, without keeping the window waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QProgressDialog, QWidget

from engine.atomic import path_text
from engine.documents.session_file import SUFFIX, file_digest
from engine.export.recall import Recalled, is_model, recall
from engine.walk import Exploration
from gui.files.timed_work import TimedWork
from gui.widgets.plain_text import PlainLabel

#: A file takes some milliseconds. What takes so long lies on a disk or a network that hangs.
DEADLINE_MS = 20_000
#: After so long, the person sees what is waited for, and can cancel it.
SHOW_MS = 500


@dataclass(frozen=True, slots=True)
class Found:
    """The content of a file: a walk, or (None) a model. `digest` is that of a session file."""

    path: Path
    recalled: Recalled | None
    digest: str = ""

    @property
    def is_session(self) -> bool:
        return self.path.suffix.lower() == SUFFIX


def look_at(path: Path, current: Exploration) -> Found:
    """Find out what `path` holds; may take as long as the disk does. Raises InputError, OSError."""
    if is_model(path):
        return Found(path, None)
    # Before it is read: a change in between is then noticed when the session is saved.
    digest = file_digest(path) if path.suffix.lower() == SUFFIX else ""
    return Found(path, recall(path, current), digest)


class FileLook(QObject):
    """Owns the look in progress, of which there is one, and the box that can cancel it."""

    def __init__(self, window: QWidget, deadline_ms: int = DEADLINE_MS) -> None:
        super().__init__(window)
        self._window = window
        self._work = TimedWork(deadline_ms, self)
        self._box: QProgressDialog | None = None

    @property
    def busy(self) -> bool:
        """True while a file is being read."""
        return self._work.busy

    def start(
        self, path: Path, look: Callable[[], Found], done: Callable[[Found | Exception], None]
    ) -> None:
        """Call `look`, which reads `path`, and `done` with what it finds or with the reason why
        there is nothing. An earlier look is given up."""
        self.cancel()
        name = path_text(path)
        self._box = self._make_box(name)
        late = f"{name} takes too long to read; copy it to a disk of this machine, then open that."

        def finish(found: Found | Exception) -> None:
            self._close_box()
            done(found)

        self._work.run(look, finish, late)

    def cancel(self) -> None:
        """Drop the result of the file that is being read."""
        self._work.cancel()
        self._close_box()

    def _make_box(self, name: str) -> QProgressDialog:
        box = QProgressDialog(self._window)
        box.setWindowTitle("Open")
        box.setWindowModality(Qt.WindowModality.NonModal)
        box.setLabel(PlainLabel(f"Reading {name}"))
        box.setRange(0, 0)
        box.setMinimumDuration(SHOW_MS)
        box.setValue(0)
        box.canceled.connect(self.cancel)
        return box

    def _close_box(self) -> None:
        box, self._box = self._box, None
        if box is not None:
            box.canceled.disconnect()
            box.close()
            box.deleteLater()
