"""A line with a hint. Each hint is shown until the person has done once what it suggests."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QFrame

from gui.files.settings import Preferences, Settings
from gui.state.explorer_state import ExplorerState
from gui.widgets.fields import Button
from gui.widgets.layouts import OneLine, row
from gui.widgets.theme import UNIT, Theme


@dataclass(frozen=True, slots=True)
class Hint:
    """The text of a hint, and the name under which the settings store that it is done."""

    name: str
    text: str


HINTS = (
    Hint("scrub", "Drag along the filmstrip, or press Space to play the walk."),
    Hint("probe", "Click anywhere in the plane to render the picture of that point."),
    Hint("noise", "Press a dice button in the walk panel to draw new noise. Ctrl+Z undoes it."),
    Hint("compare", "Compare shows the pictures of the same walk by each method."),
)


class HintBar(QFrame):
    """Shows the first hint that is not done yet, as soon as there are pictures."""

    def __init__(self, state: ExplorerState, settings: Settings, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("hint")
        self._state, self._settings = state, settings
        self._sign = Button("Hint", picture="info")
        self._sign.setEnabled(False)
        self._label = OneLine()
        self._next = Button("Got it", "Show the next hint", text="Got it")
        self._next.clicked.connect(self._dismiss)
        layout = row(self._sign, self._label, self._next, spacing=UNIT)
        layout.setStretch(1, 1)
        layout.setContentsMargins(2 * UNIT, 0, 2 * UNIT, 0)
        self.setLayout(layout)
        self.set_theme(theme)
        self._seeds = self._noises()
        state.playhead_changed.connect(lambda: self._learn("scrub"))
        state.probe_changed.connect(self._probe_changed)
        state.exploration_changed.connect(self._exploration_changed)
        state.frame_changed.connect(self._refresh)
        settings.changed.connect(self._refresh)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self._sign.set_theme(theme)

    @property
    def hint(self) -> Hint | None:
        """The first hint that is not done; None when all are."""
        return next((hint for hint in HINTS if not self._settings.knows(hint.name)), None)

    def _noises(self) -> list[object]:
        return [keyframe.noise for keyframe in self._state.exploration.walk.keyframes]

    def _probe_changed(self) -> None:
        if self._state.probe is not None:  # the signal is also emitted when the point is cleared
            self._learn("probe")

    def _exploration_changed(self) -> None:
        if self._state.exploration.compare:
            self._learn("compare")
        if self._noises() != self._seeds:
            self._seeds = self._noises()
            self._learn("noise")

    def _learn(self, name: str) -> None:
        if not self._settings.knows(name):
            self._settings.learn(name)
            self._refresh()

    def _dismiss(self) -> None:
        hint = self.hint
        if hint is not None:
            self._learn(hint.name)

    def _refresh(self, *_: int | Preferences) -> None:
        hint = self.hint
        wanted = self._settings.preferences.hints and hint is not None
        self.setVisible(wanted and bool(self._state.results.lanes))
        if hint is not None:
            self._label.set_whole(hint.text)
