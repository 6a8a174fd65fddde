"""The card of a keyframe: its picture, its noise, and its prompt if prompts differ."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QKeySequence, QMouseEvent, QShortcut
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from engine.documents.validation import MAX_DRAW
from engine.walk import Keyframe, NoiseSource, Walk
from gui.state.explorer_state import ExplorerState
from gui.state.thumbnails import Thumbnails
from gui.state.vocabulary import Vocabulary
from gui.state.walk_edits import (
    FEWEST_KEYFRAMES,
    draw_seed,
    duplicated,
    with_lock,
    with_noise,
    with_prompt,
)
from gui.walk.keyframe_picture import KeyframePicture
from gui.walk.prompt_edit import PromptEdit
from gui.widgets.fields import Button, IntField, show_number
from gui.widgets.layouts import grow, row
from gui.widgets.plain_text import PlainLabel, plain_tip
from gui.widgets.seed_field import SeedField
from gui.widgets.text_format import keyframe_letter
from gui.widgets.theme import UNIT, Theme


class KeyframeCard(QFrame):
    """Shows and edits the keyframe with the number `index`. When keyframes change places, the cards
    keep theirs.

    Signals: removal_asked(index); move_asked(index, to); dragged(index, y) and dropped(index, y)
    during a drag, with y in pixels of the screen.
    """

    removal_asked = Signal(int)
    move_asked = Signal(int, int)
    dragged = Signal(int, int)
    dropped = Signal(int, int)

    def __init__(
        self,
        state: ExplorerState,
        index: int,
        thumbnails: Thumbnails,
        vocabulary: Vocabulary,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._state, self._index, self._theme = state, index, theme
        self._pressed: QPointF | None = None
        self._carried = False
        self._picture = KeyframePicture(state, index, thumbnails, theme)
        self._prompt = PromptEdit(
            f"Prompt of keyframe {keyframe_letter(index)}",
            "Describe this picture",
            vocabulary,
            theme,
        )
        self._prompt.setToolTip("Prompt of this keyframe; prompts are blended along the walk")
        self._make_fields()
        self._make_keys()
        self._lay_out()
        self._prompt.edited.connect(self._edit_prompt)
        self._prompt.submitted.connect(state.generate)
        self.set_theme(theme)

    def _make_fields(self) -> None:
        name = keyframe_letter(self._index)
        self._seed = SeedField(draw_seed, self)
        self._seed.setAccessibleName(f"Seed of keyframe {name}")
        self._seed.setToolTip(
            "Seed of the noise: each seed gives another picture. Paste −1 for a random seed"
        )
        self._seed.seed_changed.connect(self._edit_seed)
        self._draw = IntField(0, MAX_DRAW)
        self._draw.setPrefix("#")
        self._draw.setFixedWidth(18 * UNIT)
        self._draw.setAccessibleName(f"Draw of keyframe {name}")
        self._draw.setToolTip("Number of the draw with this seed: #0 is the first, #1 the second")
        self._draw.valueChanged.connect(self._edit_draw)
        self._dice = Button("Random seed", "Draw another random noise", picture="dice")
        self._dice.clicked.connect(self._seed.roll)
        self._lock = Button("Lock the noise", picture="unlock")
        self._lock.setCheckable(True)
        self._lock.setObjectName("quiet")
        self._lock.clicked.connect(self._set_lock)
        self._more = Button("More for this keyframe", picture="more")
        self._more.setPopupMode(Button.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._more)
        menu.aboutToShow.connect(self._fill_menu)
        self._more.setMenu(menu)

    def _make_keys(self) -> None:
        for key, way in (("Alt+Up", -1), ("Alt+Down", 1)):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            to = self._index + way
            shortcut.activated.connect(lambda to=to: self.move_asked.emit(self._index, to))

    def _lay_out(self) -> None:
        self.setToolTip(
            "Drag this keyframe to another place in the walk, or press Alt+Up or Alt+Down"
        )
        self._name = PlainLabel(keyframe_letter(self._index))
        self._name.setObjectName("keyframe")
        title = row(self._name, 1, self._dice, self._lock, self._more, spacing=0)
        fields = row(grow(self._seed), self._draw)
        right = QVBoxLayout()
        right.setSpacing(UNIT // 2)
        right.addLayout(title)
        right.addLayout(fields)
        top = QHBoxLayout()
        top.setSpacing(3 * UNIT)
        top.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignVCenter)
        top.addLayout(right, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * UNIT, UNIT, 2 * UNIT, UNIT)
        layout.setSpacing(UNIT)
        layout.addLayout(top)
        layout.addWidget(self._prompt)

    @property
    def fields(self) -> tuple[QWidget, ...]:
        """The widgets in the order of the Tab key, which is the reading order."""
        return self._dice, self._lock, self._more, self._seed, self._draw, self._prompt

    # ── called by the panel ──────────────────────────────────────────────────────────────────

    def refresh(self) -> None:
        """Show the keyframe with this card's number; its prompt, if keyframes have their own."""
        keyframe = self._keyframe
        picked = bool(keyframe.blend) or keyframe.scale != 1.0
        name = keyframe_letter(self._index)
        self._name.setText(f"{name} · a point of the plane" if picked else name)
        self._seed.set_seed(keyframe.noise.seed)
        show_number(self._draw, keyframe.noise.draw)
        self._prompt.set_text(keyframe.prompt)
        walk = self._state.exploration.walk
        self._prompt.setVisible(not walk.one_prompt and not walk.prompts)
        self._show_lock(keyframe.locked)
        self._picture.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for button in (self._dice, self._lock, self._more):
            button.set_theme(theme)
        self._show_lock(self._keyframe.locked)
        self._prompt.set_theme(theme)
        self._picture.set_theme(theme)

    # ── edits ────────────────────────────────────────────────────────────────────────────────

    @property
    def _keyframe(self) -> Keyframe:
        return self._state.exploration.walk.keyframes[self._index]

    def _put(self, walk: Walk, label: str, merge: str = "") -> None:
        self._state.edit(replace(self._state.exploration, walk=walk), label, merge)

    def _put_noise(self, noise: NoiseSource, label: str, merge: str = "") -> None:
        self._put(with_noise(self._state.exploration.walk, self._index, noise), label, merge)

    def _edit_seed(self, seed: int) -> None:
        self._put_noise(replace(self._keyframe.noise, seed=seed), "Seed")

    def _edit_draw(self, draw: int) -> None:
        noise = replace(self._keyframe.noise, draw=draw)
        self._put_noise(noise, "Draw", f"draw-{self._keyframe.id}")

    def _edit_prompt(self, text: str, key: str) -> None:
        self._put(with_prompt(self._state.exploration.walk, text, self._index), "Prompt", key)

    def _reuse(self) -> None:
        if self._keyframe.previous is not None:
            self._put_noise(self._keyframe.previous, "Previous noise")

    def _duplicate(self) -> None:
        self._put(duplicated(self._state.exploration.walk, self._index), "Duplicate keyframe")

    def _set_lock(self, locked: bool) -> None:
        walk = with_lock(self._state.exploration.walk, self._index, locked)
        self._put(walk, "Lock the noise" if locked else "Unlock the noise")

    def _show_lock(self, locked: bool) -> None:
        self._lock.setChecked(locked)
        self._lock.set_picture(
            "lock" if locked else "unlock", self._theme, self._theme.accent if locked else ""
        )
        effect = "keeps this noise" if locked else "replaces this noise, too"
        self._lock.setToolTip(plain_tip(f"Lock: New noise {effect}"))

    def _fill_menu(self) -> None:
        menu, count = self._more.menu(), len(self._state.exploration.walk.keyframes)
        menu.clear()
        here = self._index
        reuse = menu.addAction("Use the previous noise again", self._reuse)
        reuse.setEnabled(self._keyframe.previous is not None)
        menu.addAction("Duplicate", self._duplicate)
        menu.addSeparator()
        up = menu.addAction("Move up", lambda: self.move_asked.emit(here, here - 1))
        up.setEnabled(here > 0)
        down = menu.addAction("Move down", lambda: self.move_asked.emit(here, here + 1))
        down.setEnabled(here < count - 1)
        menu.addSeparator()
        remove = menu.addAction("Remove", lambda: self.removal_asked.emit(here))
        remove.setEnabled(count > FEWEST_KEYFRAMES)

    # ── Qt ───────────────────────────────────────────────────────────────────────────────────

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.globalPosition()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        place = event.globalPosition()
        way = (place - self._pressed).manhattanLength()
        if not self._carried and way >= QApplication.startDragDistance():
            self._carried = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._carried:
            self.dragged.emit(self._index, round(place.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        carried, self._carried, self._pressed = self._carried, False, None
        if carried:
            self.unsetCursor()
            self.dropped.emit(self._index, round(event.globalPosition().y()))
