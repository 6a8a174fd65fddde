"""The mouse and keys on the timeline's row of prompts."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from engine.timing import PromptKey, pace
from engine.tracks.edits import with_key
from engine.walk import Walk
from gui.state.explorer_state import ExplorerState
from gui.timeline.key_drag import LEAST_DRAG
from gui.timeline.prompt_menu import fill_prompt_menu
from gui.timeline.prompt_track import PromptTrack
from gui.timeline.track import Scale


class PromptHand(QObject):
    """Goes to prompts, and edits and moves those that have times of their own. Each drag is one
    undo step.

    Signals: chosen(keyframe), for the prompt of a keyframe, which is edited elsewhere.
    """

    chosen = Signal(int)

    def __init__(self, state: ExplorerState, track: PromptTrack, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._track = state, track
        self._menu = QMenu(parent)
        state.exploration_changed.connect(self._menu.close)  # its actions are edits of this walk
        self._held: int | None = None
        self._keys: tuple[PromptKey, ...] = ()  # those of the walk, since the press
        self._pressed, self._moving, self._drags = 0.0, False, 0

    @property
    def held(self) -> bool:
        """True from the press on the mark of a prompt to the release."""
        return self._held is not None

    def grip_at(self, x: float) -> int | None:
        """Returns the prompt with a time of its own whose mark is at `x`, or None."""
        return self._track.mark_at(x) if self._walk.prompts and self._is_edited() else None

    def press(self, x: float) -> None:
        """Take hold of the mark at `x`, or else go to the prompt there."""
        self._held, self._pressed, self._keys = self.grip_at(x), x, self._walk.prompts
        self._moving = False
        self._drags += 1
        if self._held is None:
            self.go_to(self._track.number_at(x))

    def move(self, scale: Scale, x: float, free: bool) -> None:
        """Move the held prompt to `x`: to the nearest frame, or (`free`) between frames."""
        self._let_go_of_others()
        if self._held is None:
            return
        self._moving = self._moving or abs(x - self._pressed) >= LEAST_DRAG
        if self._moving:
            exact = (x - scale.middle(0)) / max(scale.cell, 1e-9)
            self._put_time(self._held, exact if free else round(exact), f"prompt-{self._drags}")
            self._keys = self._walk.prompts

    def release(self) -> None:
        """Let the prompt go; go to it if it was not moved."""
        self._let_go_of_others()
        held, self._held = self._held, None
        if held is not None and not self._moving:
            self.go_to(held)

    def _let_go_of_others(self) -> None:
        """Let the prompt go if the prompts have changed meanwhile, for example by Undo."""
        if self._keys != self._walk.prompts:
            self._held = None

    def nudge(self, step: int) -> None:
        """Move the prompt at the playhead by `step` frames, and the playhead with it."""
        here = self._state.playhead
        number = self._track.mark_at(self._track.scale().middle(here))
        if number is None or not self._walk.prompts:
            return
        self._put_time(number, here + step, f"nudge-prompt-{number}")
        self._state.seek(self._track.frame_of(number))

    def go_to(self, number: int | None) -> None:
        """Move the playhead to a prompt, and let it be edited."""
        if number is None or not self._is_edited():
            return
        self._state.seek(self._track.frame_of(number))
        if self._walk.prompts:
            self._ask_text(number)
        else:
            self.chosen.emit(number)

    def go_to_frame(self, index: int) -> None:
        """Go to the prompt of a frame."""
        self.go_to(self._track.number_at(self._track.scale().middle(index)))

    def open_menu(self, index: int, place: QPoint) -> None:
        """Open the menu for a frame, at a place of the screen."""
        if self._is_edited():
            number = self._track.number_at(self._track.scale().middle(index))
            self._menu.clear()
            fill_prompt_menu(self._menu, self._state, index, number, self.go_to)
            self._menu.popup(place)

    @property
    def _walk(self) -> Walk:
        return self._state.exploration.walk

    def _is_edited(self) -> bool:
        """True if the row shows the walk that is edited."""
        return self._walk.frames == self._state.frame_count

    def _put_time(self, number: int, index: float, merge: str) -> None:
        exploration, walk = self._state.exploration, self._walk
        share = min(max(index / max(walk.intervals, 1), 0.0), 1.0)
        changed = with_key(walk, number, time=pace(walk.pacing, share))
        self._state.edit(replace(exploration, walk=changed), "Move prompt in time", merge)

    def _ask_text(self, number: int) -> None:
        """Ask for the text of a prompt. The dialog does not stop the program."""
        dialog = QInputDialog(self._track.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setOption(QInputDialog.InputDialogOption.UsePlainTextEditForTextInput)
        dialog.setWindowTitle("Prompt")
        dialog.setLabelText("Text that describes the pictures from here on:")
        dialog.setTextValue(self._walk.prompts[number].text)
        dialog.textValueSelected.connect(lambda text: self.set_text(number, text))
        dialog.open()

    def set_text(self, number: int, text: str) -> None:
        """Change the text of a prompt with a time of its own."""
        if number < len(self._walk.prompts):
            walk = with_key(self._walk, number, text=text.strip())
            self._state.edit(replace(self._state.exploration, walk=walk), "Prompt")
