"""The plan of a study as a person edits it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from engine.walk import Exploration
from gui.study.plan_text import plan_text

#: The plan of the study in a folder, and the file that the window writes for its next run.
KNOWN_PLAN, _NEW = "plan.toml", "plan-of-the-window.toml"


class PlanEditor(QPlainTextEdit):
    """A plan in TOML. Signals: `changed` after each change of the text."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setTabChangesFocus(True)
        self.setAccessibleName("Plan")
        self.textChanged.connect(self.changed)

    def fill(self, exploration: Exploration) -> None:
        """Replace the plan by that of a walk."""
        self.setPlainText(plan_text(exploration))

    def content(self) -> object:
        """Return what is chosen; equal contents compare equal."""
        return self.toPlainText()

    def problem(self) -> str:
        """Return "": the program that runs the plan checks it."""
        return ""

    def arguments(self, folder: Path) -> tuple[str, ...]:
        """Write the plan into the folder of the study, and return the arguments of the command
        line. Raises OSError."""
        resume = ("--resume",) if (folder / KNOWN_PLAN).exists() else ()
        folder.mkdir(parents=True, exist_ok=True)
        plan = folder / _NEW
        plan.write_text(self.toPlainText(), "utf-8")
        return (str(plan), *resume)

    def parts(self) -> tuple[QWidget, ...]:
        """Return the widgets that take the focus, in the order of Tab."""
        return (self,)
