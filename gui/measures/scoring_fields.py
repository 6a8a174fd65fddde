"""The fields for the scoring text and the CLIP model."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.measuring.scoring_text import RULE
from gui.state.explorer_state import ExplorerState
from gui.widgets.fields import is_undo
from gui.widgets.layouts import column, row
from gui.widgets.plain_text import plain_tip
from gui.widgets.theme import UNIT


class ScoringFields(QWidget):
    """Edits the exploration's scoring text and scorer. A text is taken over on Enter, or when its
    field loses the focus."""

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self._state = state
        self._text, self._scorer = _Line("Scoring text"), _Line("CLIP model")
        self._text.setPlaceholderText("Scoring text: the prompt")
        self._text.setToolTip(plain_tip(f"Text that CLIP compares the pictures with. {RULE}."))
        self._scorer.setPlaceholderText("CLIP model: the model's own")
        self._scorer.setToolTip(
            "A folder or hub id such as openai/clip-vit-large-patch14; empty: the CLIP model in "
            "the model's folder"
        )
        layout = column(self)
        layout.setContentsMargins(2 * UNIT, UNIT, 2 * UNIT, UNIT)
        fields = row(self._text, self._scorer)
        fields.setStretch(0, 3)
        fields.setStretch(1, 2)
        layout.addLayout(fields)
        self._text.editingFinished.connect(self._edit_text)
        self._scorer.editingFinished.connect(self._edit_scorer)
        state.exploration_changed.connect(self._refresh)
        self._refresh()

    def _edit_text(self) -> None:
        text = self._text.text().strip()
        self._state.edit(replace(self._state.exploration, scoring_text=text), "Scoring text")

    def _edit_scorer(self) -> None:
        scorer = self._scorer.text().strip()
        self._state.edit(replace(self._state.exploration, scorer=scorer), "CLIP model")

    def _refresh(self) -> None:
        self._text.show_text(self._state.exploration.scoring_text)
        self._scorer.show_text(self._state.exploration.scorer)


class _Line(QLineEdit):
    """A text field without undo of its own: undo acts on the walk."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setAcceptDrops(False)  # the window handles drops
        self._shown = ""

    def show_text(self, text: str) -> None:
        """Show a text. If it has not changed, what a person is typing stays."""
        if text != self._shown:
            self._shown = text
            self.setText(text)

    def event(self, event: QEvent) -> bool:
        if is_undo(event):
            event.ignore()
            return False
        return super().event(event)
