"""The timeline: ruler, prompts, filmstrip and readiness strip on one scale, with the playhead."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.messages import Tier
from engine.walk import frame_text
from gui.state.explorer_state import ExplorerState
from gui.state.thumbnails import Thumbnails
from gui.timeline.filmstrip import Filmstrip
from gui.timeline.key_drag import KeyDrag
from gui.timeline.playhead_overlay import PlayheadOverlay
from gui.timeline.prompt_hand import PromptHand
from gui.timeline.prompt_track import PromptTrack
from gui.timeline.readiness_strip import ReadinessStrip
from gui.timeline.ruler import HEIGHT as RULER_HEIGHT
from gui.timeline.ruler import Ruler
from gui.widgets.fields import ENTER_KEYS
from gui.widgets.plain_text import PlainLabel
from gui.widgets.text_format import keyframe_letter
from gui.widgets.theme import UNIT, Theme

#: Keys of the focused timeline and the number of frames they move by. A number larger than any
#: walk goes to its end.
STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_PageUp: -10,
    Qt.Key.Key_PageDown: 10,
    Qt.Key.Key_Home: -(2**30),
    Qt.Key.Key_End: 2**30,
}


class Timeline(QWidget):
    """Owns the tracks. A drag moves the playhead; a drag of a handle changes the range, and a drag
    of a keyframe's tick its time. Ticks stop at frames, except with Alt. Ctrl+Left and Ctrl+Right
    move the keyframe at the playhead by a frame, with Shift the prompt there. A click on a prompt
    goes to it.

    Signals: prompt_chosen(keyframe), for a prompt that a person wants to edit.
    """

    prompt_chosen = Signal(int)

    def __init__(self, state: ExplorerState, thumbnails: Thumbnails, theme: Theme) -> None:
        super().__init__()
        self._state = state
        self._held: int | None = None
        self._dragging = False
        self._key = KeyDrag(state)
        self._ruler = Ruler(state, theme)
        self._prompts = PromptTrack(state, theme, self)
        self._hand = PromptHand(state, self._prompts, self)
        self._hand.chosen.connect(self.prompt_chosen)
        filmstrip, readiness = Filmstrip(state, thumbnails, theme), ReadinessStrip(state, theme)
        self._tracks = (self._ruler, self._prompts, filmstrip, readiness)
        self._overlay = PlayheadOverlay(state, theme, self)
        self._summary, self._reading = PlainLabel(), PlainLabel()
        self._lay_out()
        self.set_theme(theme)
        self.setAccessibleName("Timeline")
        self.setAccessibleDescription(
            "Ctrl+Left and Ctrl+Right move the keyframe at the playhead; Enter goes to its prompt"
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        state.playhead_changed.connect(self._show_reading)
        for signal in (state.frame_changed, state.results_reset, state.exploration_changed):
            signal.connect(self._show_summary)
        self._show_summary()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        for track in (*self._tracks, self._overlay):
            track.set_theme(theme)
        for label, colour in ((self._summary, theme.faint), (self._reading, theme.muted)):
            label.setFont(theme.font(0.88, digits=True))
            label.setStyleSheet(f"color: {colour}")

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        for track in self._tracks:
            column.addWidget(track)
        row = QHBoxLayout()
        row.setContentsMargins(2 * UNIT, 1, 2 * UNIT, 0)
        row.addWidget(self._summary)
        row.addStretch(1)
        row.addWidget(self._reading)
        for label in (self._summary, self._reading):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        column.addLayout(row)

    # ── texts ────────────────────────────────────────────────────────────────────────────────

    def _show_reading(self) -> None:
        lanes = self._state.results.lanes
        walk = lanes[0].lane.walk if lanes else self._state.exploration.walk
        index = self._state.playhead
        segment, gamma = walk.locate(walk.time_of(index))
        ends = f"{keyframe_letter(segment)}→{keyframe_letter(walk.end_of(segment))}  "
        place = frame_text(index, self._state.frame_count)
        self._reading.setText(f"{ends if walk.segments > 1 else ''}γ {gamma:.3f}   {place}")

    def _show_summary(self) -> None:
        lanes = self._state.results.lanes
        total = sum(len(results.tiers) for results in lanes)
        final = sum(int((results.tiers == Tier.FINAL).sum()) for results in lanes)
        failed = sum(int((results.tiers == Tier.FAILED).sum()) for results in lanes)
        frames = self._state.frame_count
        count = "1 frame" if frames == 1 else f"{frames} frames"
        parts = [count if final == total else f"{final} of {total} frames ready"]
        parts += [f"{failed} failed"] if failed else []
        self._summary.setText(" · ".join(parts))
        self._show_reading()

    # ── Qt ───────────────────────────────────────────────────────────────────────────────────

    def sizeHint(self) -> QSize:
        return QSize(800, super().sizeHint().height())

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._cover()

    def _cover(self) -> None:
        self._overlay.setGeometry(0, 0, self.width(), self._tracks[-1].geometry().bottom() + 1)
        self._overlay.raise_()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self._on_prompts(event.position().toPoint()):
            self._hand.press(x)
        else:
            on_ruler = event.position().y() < RULER_HEIGHT
            self._held = self._ruler.handle_at(x) if on_ruler else None
            if on_ruler and self._held is None:
                self._key.press(self._ruler.scale(), x)
            self._dragging = True
            self._drag(x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if event.buttons() & Qt.MouseButton.LeftButton and self._key.held:
            free = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            self._key.move(self._ruler.scale(), x, free)
        elif event.buttons() & Qt.MouseButton.LeftButton and self._hand.held:
            free = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            self._hand.move(self._ruler.scale(), x, free)
        elif event.buttons() & Qt.MouseButton.LeftButton:
            if self._dragging:  # a click on a prompt may move a little
                self._drag(x)
        else:
            self._show_grip(event.position().toPoint())

    def _on_prompts(self, place: QPoint) -> bool:
        return self._prompts.isVisible() and self._prompts.geometry().contains(place)

    def edit_prompt(self) -> None:
        """Go to the prompt of the frame at the playhead."""
        self._hand.go_to_frame(self._state.playhead)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        scale = self._ruler.scale()
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        place = self._state.playhead if by_key else scale.index_at(event.pos().x())
        there = self._prompts.isVisible() if by_key else self._on_prompts(event.pos())
        if there:
            self._hand.open_menu(place, event.globalPos())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._held, self._dragging = None, False
        self._key.release()
        self._hand.release()

    def _show_grip(self, place: QPoint) -> None:
        """Show by the pointer's shape that there is something to drag."""
        x = float(place.x())
        found: tuple[int | None, ...] = ()
        if place.y() < RULER_HEIGHT:
            found = self._ruler.handle_at(x), self._key.key_at(self._ruler.scale(), x)
        elif self._on_prompts(place):
            found = (self._hand.grip_at(x),)
        held = any(part is not None for part in found)
        self.setCursor(Qt.CursorShape.SizeHorCursor if held else Qt.CursorShape.ArrowCursor)

    def _drag(self, x: float) -> None:
        scale = self._ruler.scale()
        if self._held is None:
            self._state.seek(scale.index_at(x))
            return
        first, last = self._state.span
        span = (scale.edge_at(x), last) if self._held == 0 else (first, scale.edge_at(x) - 1)
        if span[0] <= span[1]:
            self._state.set_range(span)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER_KEYS and self._prompts.isVisible():
            self.edit_prompt()
            return
        step = STEPS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and abs(step) == 1:
            shifted = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._hand.nudge(step) if shifted else self._key.nudge(step)
            return
        shifted = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        self._state.seek(self._state.playhead + step * (10 if shifted else 1))
