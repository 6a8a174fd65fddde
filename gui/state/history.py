"""Undo and redo.

Explorations are frozen, so the history is a list of them with a current index. QUndoStack is not
used, because it deletes its commands twice when Python collects it in a cycle (PySide 6.11).
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from engine.walk import Exploration


@dataclass(frozen=True, slots=True)
class _Step:
    """An exploration, the name of the edit that led to it, and the edit's merge key."""

    exploration: Exploration
    label: str = ""
    merge: str = ""


class History(QObject):
    """Owns the steps of undo and redo, and the index of the saved step.

    Signals: changed, when the steps or the saved step have changed; travelled(exploration), after
    undo or redo.
    """

    changed = Signal()
    travelled = Signal(object)

    def __init__(self, exploration: Exploration, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps = [_Step(exploration)]
        self._here = 0
        self._saved: int | None = 0

    def record(self, exploration: Exploration, label: str, merge: str = "") -> None:
        """Add an edit. Consecutive edits with the same `merge` key become one step, unless an undo
        or a save is between them."""
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
        """Clear the history and start with an exploration that is saved."""
        self._steps, self._here, self._saved = [_Step(exploration)], 0, 0
        self.changed.emit()

    def undo(self) -> None:
        """Undo the last edit, if there is one."""
        self._go(self._here - 1)

    def redo(self) -> None:
        """Redo the edit that was undone last, if there is one."""
        self._go(self._here + 1)

    def _go(self, place: int) -> None:
        if 0 <= place < len(self._steps):
            self._here = place
            self.changed.emit()
            self.travelled.emit(self._steps[place].exploration)

    @property
    def undo_label(self) -> str:
        """The name of the edit that `undo` would undo, or ""."""
        return self._steps[self._here].label

    @property
    def redo_label(self) -> str:
        """The name of the edit that `redo` would redo, or ""."""
        return self._steps[self._here + 1].label if self._here + 1 < len(self._steps) else ""

    @property
    def is_saved(self) -> bool:
        """True if the exploration has no unsaved changes."""
        return self._here == self._saved

    def set_saved(self, saved: bool = True) -> None:
        """Mark the present exploration as saved, or (False) as not saved in any file."""
        self._saved = self._here if saved else None
        self.changed.emit()
