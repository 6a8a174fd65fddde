"""The panel of the walk: prompt, keyframes, method, sampling."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QMenu, QScrollArea, QWidget

from engine.conditioning import Guiding
from engine.walk import Walk
from gui.state.explorer_state import ExplorerState
from gui.state.thumbnails import Thumbnails
from gui.state.vocabulary import Vocabulary
from gui.state.walk_edits import with_one_prompt, with_prompt
from gui.walk.keyframe_list import KeyframeList
from gui.walk.method_panel import MethodPanel
from gui.walk.prompt_edit import PromptEdit
from gui.walk.sampling_panel import SamplingPanel
from gui.widgets.fields import Button
from gui.widgets.layouts import OneLine, column, heading, note, row, rule
from gui.widgets.plain_text import plain_title
from gui.widgets.theme import UNIT, Theme, Themed

WIDTH = 320
#: Distance from the edge at which a dragged card scrolls the panel, in pixels.
EDGE = 12 * UNIT


class WalkPanel(QScrollArea):
    """Lays out the fields of a walk."""

    def __init__(
        self,
        state: ExplorerState,
        thumbnails: Thumbnails,
        vocabulary: Vocabulary,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self._vocabulary = vocabulary
        self._make_prompt()
        self._make_buttons()
        self._keyframes = KeyframeList(state, thumbnails, vocabulary, theme, self._negative)
        self._method = MethodPanel(state, theme)
        self._keyframes.method_chosen.connect(self._choose_method)
        self._keyframes.carried.connect(self._follow_card)
        self._sampling = SamplingPanel(state, theme)
        self._lay_out()
        self.set_theme(theme)
        state.exploration_changed.connect(self._refresh)
        state.model_changed.connect(self._refresh)
        vocabulary.changed.connect(self._show_hint)
        self._refresh()
        self._show_hint()

    def _make_prompt(self) -> None:
        self._linked = Button("One prompt for all keyframes", picture="link")
        self._linked.setCheckable(True)
        self._linked.setObjectName("quiet")
        self._linked.clicked.connect(self._set_link)
        self._prompt = PromptEdit("Prompt", "Describe the pictures", self._vocabulary, self._theme)
        self._prompt.setToolTip("Text that describes the pictures. Enter renders at once")
        self._prompt.edited.connect(self._edit_prompt)
        self._prompt.submitted.connect(self._state.generate)
        self._examples = Button("Example prompts", "Example prompts of this model", text="Examples")
        self._examples.setPopupMode(Button.ToolButtonPopupMode.InstantPopup)
        self._examples.setMenu(QMenu(self._examples))
        self._hint = OneLine()
        self._own_times = note("The prompts have own times: they are in the row below the ruler.")
        self._negative = PromptEdit(
            "Negative prompt", "Describe what to avoid", self._vocabulary, self._theme, lines=1
        )
        self._negative.setToolTip("Text that guidance leads away from")
        self._negative.edited.connect(
            lambda text, key: self._state.edit_walk("Negative prompt", key, negative=text)
        )
        self._negative.submitted.connect(self._state.generate)

    def _make_buttons(self) -> None:
        self._add = Button(
            "Add a keyframe",
            "Add a keyframe at the end of the walk",
            picture="plus",
            text="Keyframe",
        )
        self._add.clicked.connect(self.add_keyframe)
        self._new_noise = Button(
            "New noise for the walk",
            "Draw new random noise for every keyframe that is not locked",
            picture="dice",
            text="New noise",
        )
        self._new_noise.clicked.connect(self.reseed)

    def _lay_out(self) -> None:
        content = QWidget()
        content.setObjectName("walk")
        layout = column(content, 4 * UNIT, 2 * UNIT)
        layout.setContentsMargins(4 * UNIT, UNIT, 4 * UNIT, 4 * UNIT)
        layout.addLayout(row(heading("Prompt"), 1, self._examples, self._linked))
        layout.addWidget(self._prompt)
        layout.addWidget(self._own_times)
        layout.addWidget(self._hint)
        layout.addWidget(self._negative)
        layout.addWidget(rule())
        layout.addLayout(row(heading("Keyframes"), 1, self._add, self._new_noise))
        layout.addWidget(self._keyframes)
        layout.addWidget(rule())
        layout.addWidget(self._method)
        layout.addWidget(rule())
        layout.addWidget(self._sampling)
        layout.addStretch(1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the fields inside take the focus
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 600)

    def minimumSizeHint(self) -> QSize:
        return QSize(WIDTH - 10 * UNIT, 160)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        themed: list[Themed] = [self._prompt, self._negative, self._keyframes, self._method]
        for part in themed:
            part.set_theme(theme)
        for button in (self._add, self._new_noise):
            button.set_theme(theme)
        self._show_link()

    # ── verbs ────────────────────────────────────────────────────────────────────────────────

    def add_keyframe(self) -> None:
        """Add a keyframe at the end of the walk."""
        self._keyframes.append()
        # The new card has no geometry yet, so scrolling waits for the layout.
        QTimer.singleShot(0, self._show_last_card)

    def _show_last_card(self) -> None:
        self.ensureVisible(0, self._keyframes.geometry().bottom(), 0, 2 * UNIT)

    def reseed(self) -> None:
        """Draw new noise for every keyframe that is not locked."""
        self._keyframes.reseed()

    def focus_prompt(self, keyframe: int) -> None:
        """Move the focus to the prompt of the walk, or of a keyframe with a prompt of its own."""
        if self._state.exploration.walk.one_prompt:
            self._prompt.setFocus()
        else:
            self.ensureWidgetVisible(self._keyframes.focus_prompt(keyframe))

    def _follow_card(self, y: int) -> None:
        """Scroll if a card is dragged near the edge."""
        self.ensureVisible(0, self._keyframes.y() + y, 0, EDGE)

    def _choose_method(self, segment: int, name: str) -> None:
        """Change the method of a segment, and show its parameters in the panel below."""
        self._method.show_segment(segment)
        self._method.choose(name)

    def _put(self, label: str, walk: Walk, merge: str = "") -> None:
        self._state.edit(replace(self._state.exploration, walk=walk), label, merge)

    def _edit_prompt(self, text: str, key: str) -> None:
        self._put("Prompt", with_prompt(self._state.exploration.walk, text), key)

    # ── display ──────────────────────────────────────────────────────────────────────────────

    def _set_link(self, linked: bool) -> None:
        walk = with_one_prompt(self._state.exploration.walk, linked)
        self._put("One prompt" if linked else "A prompt for each keyframe", walk)

    def _show_link(self) -> None:
        linked = self._state.exploration.walk.one_prompt
        self._linked.setChecked(linked)
        self._linked.set_picture(
            "link" if linked else "unlink", self._theme, self._theme.accent if linked else ""
        )
        self._linked.setToolTip(
            "One prompt for all keyframes; click to give each keyframe its own"
            if linked
            else "Each keyframe has its own prompt; click to use one for all"
        )

    def _show_hint(self) -> None:
        self._hint.set_whole(self._vocabulary.hint)
        self._hint.setVisible(bool(self._vocabulary.hint))
        menu = self._examples.menu()
        menu.clear()
        for text in self._vocabulary.examples:
            action = menu.addAction(plain_title(text))
            action.triggered.connect(lambda _, text=text: self._take_example(text))
        self._examples.setVisible(bool(self._vocabulary.examples))

    def _take_example(self, text: str) -> None:
        self._put("Example prompt", with_prompt(self._state.exploration.walk, text))

    def _refresh(self) -> None:
        walk = self._state.exploration.walk
        self._show_link()
        self._prompt.setVisible(walk.one_prompt and not walk.prompts)
        self._own_times.setVisible(bool(walk.prompts))
        self._linked.setEnabled(not walk.prompts)
        self._examples.setVisible(bool(self._vocabulary.examples) and not walk.prompts)
        if walk.one_prompt:
            self._prompt.set_text(walk.keyframes[0].prompt)
        self._negative.set_text(walk.negative)
        model = self._state.model
        self._negative.setVisible(model is None or model.guiding is Guiding.APART)
        self._keyframes.refresh()
