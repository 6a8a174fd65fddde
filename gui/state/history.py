"""Undo and redo of the walk's edits.

Explorations are frozen, so that a history is a list of them with a place in it. QUndoStack would
do the same with commands, but when Python collects it as part of a cycle its commands are deleted
twice (PySide 6.11).
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from engine.walk import Exploration


@dataclass(frozen=True, slots=True)
class _Step:
    """An exploration, the edit that led to it, and the key under which edits go on as one."""

    exploration: Exploration
    label: str = ""
    merge: str = ""


class History(QObject):
    """Owns what the exploration was and will be again, and which of it is saved.

    Signals: changed, what can be undone or redone, or whether it is saved, is another;
    travelled(exploration), undo or redo went to it.
    """

    changed = Signal()
    travelled = Signal(object)

    def __init__(self, exploration: Exploration, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps = [_Step(exploration)]
        self._here = 0
        self._saved: int | None = 0

    def record(self, exploration: Exploration, label: str, merge: str = "") -> None:
        """An edit was made. Consecutive ones of one `merge` key are undone together, but for
        those on both sides of an undo or of a save."""
        last = len(self._steps) - 1
        step = _Step(exploration, label, merge)
        if merge and self._steps[self._here].merge == merge and self._here == last != self._saved:
            self._steps[last] = step
        else:
            if self._saved is not None and self._saved > self._here:
                self._saved = None
            self._steps[self._here + 1 :] = [step]
            self._here += 1
        self.changed.emit()

    def clear(self, exploration: Exploration) -> None:
        """Begin anew from an exploration that is saved."""
        self._steps, self._here, self._saved = [_Step(exploration)], 0, 0
        self.changed.emit()

    def undo(self) -> None:
        """Take the last edit back, if there is one."""
        self._go(self._here - 1)

    def redo(self) -> None:
        """Make the edit again that was taken back last, if there is one."""
        self._go(self._here + 1)

    def _go(self, place: int) -> None:
        if 0 <= place < len(self._steps):
            self._here = place
            self.changed.emit()
            self.travelled.emit(self._steps[place].exploration)

    @property
    def undo_label(self) -> str:
        """The edit that would be taken back, "" without one."""
        return self._steps[self._here].label

    @property
    def redo_label(self) -> str:
        """The edit that would be made again, "" without one."""
        return self._steps[self._here + 1].label if self._here + 1 < len(self._steps) else ""

    @property
    def is_saved(self) -> bool:
        """Whether the exploration is as its file has it."""
        return self._here == self._saved

    def set_saved(self, saved: bool = True) -> None:
        """The exploration was saved as it is, or (False) is in no file."""
        self._saved = self._here if saved else None
        self.changed.emit()
