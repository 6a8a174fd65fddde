"""The plan or the options of an experiment, and the line that says from which walk they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from PySide6.QtWidgets import QPushButton, QWidget

from engine.walk import Exploration
from gui.study.option_form import OptionForm
from gui.study.plan_editor import PlanEditor
from gui.widgets.layouts import OneLine, column, row
from gui.widgets.plain_text import plain_tip
from gui.widgets.theme import UNIT

#: Characters of a prompt in the line.
_PROMPT = 40


class WalkSettings(QWidget):
    """Fills `editor` from the walk that `current` returns. What a person has edited is kept until
    the button takes the walk again."""

    def __init__(self, editor: PlanEditor | OptionForm, current: Callable[[], Exploration]) -> None:
        super().__init__()
        self._editor, self._current = editor, current
        self._walk = ""
        self._filled: object = None
        self.line = OneLine()
        self.again = QPushButton("From the walk")
        self.again.setAutoDefault(False)
        self.again.setToolTip(plain_tip("Replace what stands here by the walk as it is now"))
        self.again.clicked.connect(self.take)
        editor.changed.connect(self._show_line)
        layout = column(self, 0, 2 * UNIT)
        layout.addWidget(editor)
        layout.addLayout(row(self.line, self.again, spacing=4 * UNIT))

    @property
    def edited(self) -> bool:
        """True if a person has changed what the walk filled in."""
        return self._filled is not None and self._editor.content() != self._filled

    def open(self) -> None:
        """Take the walk, unless a person has edited what the last one filled in."""
        if not self.edited:
            self.take()

    def take(self) -> None:
        """Fill in the walk as it is now."""
        exploration = self._current()
        self._walk = walk_name(exploration)
        self._filled = None
        self._editor.fill(exploration)
        self._filled = self._editor.content()
        self._show_line()

    def parts(self) -> tuple[QWidget, ...]:
        """Return the widgets that take the focus, in the order of Tab."""
        return (*self._editor.parts(), self.again)

    def _show_line(self) -> None:
        start = "Edited; it was filled from the walk" if self.edited else "From the walk"
        self.line.set_whole(f"{start} {self._walk}.")


def walk_name(exploration: Exploration) -> str:
    """Names a walk in a sentence: its first and its last prompt, its seed and its model."""
    keyframes = exploration.walk.keyframes
    ends = dict.fromkeys((keyframes[0].prompt, keyframes[-1].prompt))
    prompts = " to ".join(f"“{_short(' '.join(prompt.split()))}”" for prompt in ends)
    model = PurePath(exploration.model).name
    return f"{prompts}, seed {keyframes[0].noise.seed}, model {model}"


def _short(text: str) -> str:
    return text if len(text) <= _PROMPT else f"{text[: _PROMPT - 1]}…"
