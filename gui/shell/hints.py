"""One quiet line that tells what could be done next, until the person has done it once."""

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
    """What is said, and the name under which the settings know that it was understood."""

    name: str
    text: str


HINTS = (
    Hint("scrub", "Drag along the filmstrip, or press Space to play the walk."),
    Hint("probe", "Click anywhere in the plane: the picture that lives there is drawn for you."),
    Hint(
        "noise", "Roll a die in the walk panel: other noise is another picture. Ctrl+Z goes back."
    ),
    Hint("compare", "Compare shows what each method makes of the same walk."),
)


class HintBar(QFrame):
    """Shows the first hint that the person does not know yet, once there are pictures."""

    def __init__(self, state: ExplorerState, settings: Settings, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("hint")
        self._state, self._settings = state, settings
        self._sign = Button("Hint", picture="info")
        self._sign.setEnabled(False)
        self._label = OneLine()
        self._next = Button("I know this", "Show the next hint", text="Got it")
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
        """What would be said next."""
        return next((hint for hint in HINTS if not self._settings.knows(hint.name)), None)

    def _noises(self) -> list[object]:
        return [keyframe.noise for keyframe in self._state.exploration.walk.keyframes]

    def _probe_changed(self) -> None:
        if self._state.probe is not None:  # it changes, too, when there is none any more
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
