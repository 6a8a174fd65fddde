"""Moves the keyframes of the edited walk along the ruler."""

from __future__ import annotations

from dataclasses import replace

from engine.timing import pace
from engine.walk import Walk
from gui.state.explorer_state import ExplorerState
from gui.state.walk_timing import can_move, with_time
from gui.timeline.track import Scale
from gui.widgets.text_format import keyframe_letter

#: Distance within which the mouse grabs a tick, and the least distance of a drag, in pixels.
GRIP = 6.0
LEAST_DRAG = 4.0


class KeyDrag:
    """The drag of one keyframe's tick. A press alone moves nothing, and each drag is one undo
    step."""

    def __init__(self, state: ExplorerState) -> None:
        self._state = state
        self._held: int | None = None
        self._pressed = 0.0
        self._moving = False
        self._drags = 0

    @property
    def moving(self) -> bool:
        """True while a tick follows the mouse."""
        return self._moving

    @property
    def held(self) -> bool:
        """True from the press on a tick to the release."""
        return self._held is not None

    def key_at(self, scale: Scale, x: float) -> int | None:
        """Returns the keyframe whose tick is at `x` and can be moved, or None."""
        walk = self._walk
        if walk.frames != scale.frames:  # the ruler shows a walk that is no longer edited
            return None
        ticks = walk.keyframe_indices()
        near = [k for k, at in enumerate(ticks) if abs(scale.middle(at) - x) <= GRIP]
        return next((k for k in near if can_move(walk, k)), None)

    def press(self, scale: Scale, x: float) -> None:
        """Take hold of the tick at `x`, if there is one."""
        self._held, self._pressed = self.key_at(scale, x), x
        self._moving = False
        self._drags += 1

    def move(self, scale: Scale, x: float, free: bool) -> None:
        """Move the held tick to `x`: to the nearest frame, or (`free`) between frames."""
        if self._held is None:
            return
        self._moving = self._moving or abs(x - self._pressed) >= LEAST_DRAG
        if self._moving:
            exact = (x - scale.middle(0)) / max(scale.cell, 1e-9)
            self._put(self._held, exact if free else round(exact), f"key-{self._drags}")

    def release(self) -> None:
        """Let the tick go."""
        self._held, self._moving = None, False

    def nudge(self, step: int) -> None:
        """Move the keyframe at the playhead by `step` frames, and the playhead with it."""
        ticks = self._walk.keyframe_indices()
        here = self._state.playhead
        key = next(
            (k for k, at in enumerate(ticks) if at == here and can_move(self._walk, k)), None
        )
        if key is None:
            return
        self._put(key, here + step, f"nudge-{self._walk.keyframes[key].id}")
        self._state.seek(self._walk.keyframe_indices()[key])

    @property
    def _walk(self) -> Walk:
        return self._state.exploration.walk

    def _put(self, key: int, index: float, merge: str) -> None:
        exploration, walk = self._state.exploration, self._walk
        share = min(max(index / max(walk.intervals, 1), 0.0), 1.0)
        changed = with_time(walk, key, pace(walk.pacing, share))
        label = f"Move keyframe {keyframe_letter(key)} in time"
        self._state.edit(replace(exploration, walk=changed), label, merge)
