"""Playback of the walk. The buttons are in gui/timeline/transport_bar.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from math import floor

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from engine.view import Loop
from gui.state.explorer_state import ExplorerState

#: Most frames shown in a second. Faster playback skips frames.
MAX_RATE = 60.0
#: After a longer gap between two ticks, in seconds, playback continues without a jump. Such a gap
#: means that the machine slept or that the clock was changed.
LONGEST_GAP = 1.0
FASTEST = 8.0


def advance(
    index: int, direction: int, steps: int, span: tuple[int, int], loop: Loop
) -> tuple[int, int]:
    """Returns the frame and the direction (+1 or −1) after `steps` frames within `span`."""
    first, last = span
    length = last - first
    index = min(max(index, first), last)
    if length == 0:
        return first, direction
    if loop is Loop.ONCE:
        return min(max(index + direction * steps, first), last), direction
    if loop is Loop.LOOP:
        return first + (index - first + direction * steps) % (length + 1), direction
    offset = index - first
    phase = (offset if direction > 0 else 2 * length - offset) + steps
    phase %= 2 * length
    return (first + phase, 1) if phase < length else (last - (phase - length), -1)


class Player(QObject):
    """Moves the playhead with the clock: frame k is due k/(fps × speed) seconds after the start.

    A frame that is late is skipped and counted in `dropped`. For a frame that is not rendered yet,
    the viewer shows the nearest one.

    Signals: changed, when playing, speed or direction has changed; dropped_changed(count).
    """

    changed = Signal()
    dropped_changed = Signal(int)

    def __init__(
        self,
        state: ExplorerState,
        parent: QObject | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(parent)
        self._state, self._clock = state, clock
        self.playing = False
        self.direction = 1
        self.speed = 1.0
        self.dropped = 0
        self.holding = False
        self._origin = self._last = 0.0
        self._shown = 0
        self._moving = False
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)
        state.playhead_changed.connect(self._on_playhead)
        state.exploration_changed.connect(self._restart_clock)

    @property
    def loop(self) -> Loop:
        """The behaviour at the end of the range."""
        return self._state.view.loop

    # ── play ─────────────────────────────────────────────────────────────────────────────────

    def toggle(self) -> None:
        """Play at the set speed, or pause (Space)."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        """Play from the playhead; at the end of the range, from its other end."""
        first, last = self._state.span
        ahead, behind = (last, first) if self.direction > 0 else (first, last)
        if self.loop is Loop.ONCE and self._state.playhead == ahead:
            self._move(behind)
        self._count(0)
        self.playing = True
        self._restart_clock()
        self.changed.emit()

    def pause(self) -> None:
        """Stop at the playhead. Reset to single speed, forwards."""
        self.playing, self.direction, self.speed = False, 1, 1.0
        self._timer.stop()
        self._count(0)
        self.changed.emit()

    def shuttle(self, direction: int) -> None:
        """Play forwards (+1, L) or backwards (−1, J). Repeated calls play at ×2, ×4, ×8. While K is
        held, move by one frame instead."""
        if self.holding:
            self.step(direction)
        elif self.playing and self.direction == direction:
            self.set_speed(self.speed * 2)
        else:
            self.direction, self.speed = direction, 1.0
            self.play()

    def hold(self, held: bool) -> None:
        """Pause (K). While it is held, `shuttle` moves by one frame."""
        self.holding = held
        if held and self.playing:
            self.pause()

    def set_speed(self, speed: float) -> None:
        """Play `speed` times as fast as the exploration's rate, up to FASTEST."""
        self.speed = min(speed, FASTEST)
        self._restart_clock()
        self.changed.emit()

    def set_loop(self, loop: Loop) -> None:
        """Set the behaviour at the end of the range."""
        self._state.set_view(loop=loop)

    def set_fps(self, fps: float) -> None:
        """Set the frames a second at single speed, as an undo step."""
        self._state.edit(replace(self._state.exploration, fps=fps), "Playback rate", "fps")

    # ── go ───────────────────────────────────────────────────────────────────────────────────

    def step(self, frames: int) -> None:
        """Pause, and move by `frames` frames within the walk."""
        if self.playing:
            self.pause()
        self._state.seek(self._state.playhead + frames)

    def go_first(self) -> None:
        """Go to the first frame of the range."""
        self._state.seek(self._state.span[0])

    def go_last(self) -> None:
        """Go to the last frame of the range."""
        self._state.seek(self._state.span[1])

    def go_keyframe(self, direction: int) -> None:
        """Go to the next (+1) or the previous (−1) keyframe, if there is one."""
        here = self._state.playhead
        marks = [k for k in self._keyframes() if (k - here) * direction > 0]
        if marks:
            self._state.seek(min(marks, key=lambda k: abs(k - here)))

    # ── range ────────────────────────────────────────────────────────────────────────────────

    def mark_in(self) -> None:
        """Start the range at the playhead. If its end is before that, move the end to the walk's
        last frame."""
        here, end = self._state.playhead, self._state.span[1]
        self._state.set_range((here, end if end > here else self._state.frame_count - 1))

    def mark_out(self) -> None:
        """End the range at the playhead. If its start is after that, move the start to the walk's
        first frame."""
        here, begin = self._state.playhead, self._state.span[0]
        self._state.set_range((begin if begin < here else 0, here))

    def clear_range(self) -> None:
        """Remove the range."""
        self._state.set_range(None)

    # ── the clock ────────────────────────────────────────────────────────────────────────────

    def tick(self) -> None:
        """Show the frame that is due now, and start the timer for the next one."""
        if not self.playing:
            return
        now = self._clock()
        if not 0.0 <= now - self._last <= LONGEST_GAP:
            self._restart_clock()
            return
        self._last = now
        # A timer may fire up to half a millisecond early.
        due = floor((now - self._origin + 0.0005) * self._ticks)
        if due > self._shown:
            self._count(self.dropped + due - self._shown - 1)
            self._show_frames(due)
        if self.playing:
            self._timer.start(self._milliseconds_to(self._shown + 1, self._clock()))

    def _show_frames(self, due: int) -> None:
        """Advance from the last shown tick to tick number `due`."""
        rate = self._rate / self._ticks
        steps = floor(due * rate + 1e-6) - floor(self._shown * rate + 1e-6)
        self._shown = due
        span = self._state.span
        index, self.direction = advance(
            self._state.playhead, self.direction, steps, span, self.loop
        )
        self._move(index)
        if self.loop is Loop.ONCE and index == span[1 if self.direction > 0 else 0]:
            self.pause()

    def _restart_clock(self) -> None:
        if self.playing:
            self._origin = self._last = self._clock()
            self._shown = 0
            self._timer.start(self._milliseconds_to(1, self._origin))

    def _milliseconds_to(self, tick: int, now: float) -> int:
        return max(round((self._origin + tick / self._ticks - now) * 1000), 0)

    @property
    def _rate(self) -> float:
        """Frames of the walk that pass in a second."""
        return max(self._state.exploration.fps * self.speed, 0.01)

    @property
    def _ticks(self) -> float:
        """Frames that are shown in a second."""
        return min(self._rate, MAX_RATE)

    # ── helpers ──────────────────────────────────────────────────────────────────────────────

    def _move(self, index: int) -> None:
        self._moving = True
        self._state.seek(index)
        self._moving = False

    def _on_playhead(self, _index: int) -> None:
        if not self._moving:
            self._restart_clock()

    def _count(self, dropped: int) -> None:
        if dropped != self.dropped:
            self.dropped = dropped
            self.dropped_changed.emit(dropped)

    def _keyframes(self) -> tuple[int, ...]:
        lanes = self._state.results.lanes
        return (lanes[0].lane.walk if lanes else self._state.exploration.walk).keyframe_indices()
