"""Evens out the visible speed of the walk, in rounds of rendering and measuring."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject

from engine.errors import InputError
from engine.pacing.curve import Values, knots_of, times_of
from engine.pacing.even_out import MOST_ROUNDS, EvenOut, frames_to_measure, steps_between
from engine.pictures.picture_distance import Pyramid, distance, pyramid_of
from engine.walk import Exploration, MethodChoice, lanes_of, with_method
from gui.pacing_verbs import STEPS
from gui.state.explorer_state import ExplorerState
from gui.state.results import FrameReader

LABEL, PERFECT = "Even out", "Perfect walk"


class EvenOutRun(QObject):
    """Owns the rounds in progress. Each round changes the pacing of the walk, waits until enough
    of its new frames are rendered, and computes the next pacing. All changes are one undo step.

    The distance is that of the measure Step length, over every second frame of a long walk. The
    rounds end if the walk is edited, if the view shows other walks, or if a frame is missing when
    nothing is rendered any more.
    """

    def __init__(self, state: ExplorerState, frames: FrameReader, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._frames = state, frames
        self._rounds: EvenOut | None = None
        self._speed: Values | None = None
        self._wanted: Exploration | None = None
        self._pyramids: dict[str, Pyramid] = {}
        self._label, self._run = LABEL, 0
        state.frame_changed.connect(self._go_on)
        state.busy_changed.connect(self._go_on)

    @property
    def running(self) -> bool:
        """True while there are rounds to come."""
        return self._wanted is not None

    def even_out(self, speed: Values | None = None) -> None:
        """Give the frames times at which all steps look equally large, or follow a wanted `speed`
        [n] at equal shares of the frames."""
        self._begin(self._state.exploration, LABEL, speed)

    def perfect(self) -> None:
        """Lead a walk of several keyframes along a spline, and even it out."""
        exploration = self._state.exploration
        walk = exploration.walk
        if walk.segments > 1:
            walk = with_method(replace(walk, pacing=(), paces=()), MethodChoice("spline"))
        self._begin(replace(exploration, walk=walk), PERFECT)

    def _begin(self, exploration: Exploration, label: str, speed: Values | None = None) -> None:
        if exploration.walk.frames < 3:
            self._state.post("The walk has too few frames; give it at least three.")
            return
        if STEPS not in exploration.measures:
            measures = (*exploration.measures[-2:], STEPS)
            exploration = replace(exploration, measures=measures)
        self._label, self._rounds, self._speed = label, None, speed
        self._run += 1
        self._put(exploration)
        if self._are_known(exploration):
            self._go_on()

    def _put(self, exploration: Exploration) -> None:
        """Make an edit that belongs to the verb, and render it."""
        self._wanted, self._pyramids = exploration, {}
        self._state.edit(exploration, self._label, f"{self._label} {id(self)} {self._run}")
        if not self._are_known(exploration):
            self._state.generate()

    def _are_known(self, exploration: Exploration) -> bool:
        """True if all frames that a round needs are rendered."""
        return self._state.results.are_of(exploration) and bool(np.isfinite(self._steps()).all())

    def _end(self) -> None:
        self._wanted, self._pyramids = None, {}

    def _go_on(self, *_: object) -> None:
        wanted, state = self._wanted, self._state
        if wanted is None:
            return
        if _drawn(state.exploration) != _drawn(wanted):
            self._end()  # the pictures are others, or the edit was undone
            return
        if lanes_of(state.exploration) != lanes_of(wanted):
            self._end()
            state.post(f"{self._label} has stopped, because other walks are shown; start it again.")
            return
        if not state.results.are_of(wanted):
            return
        steps = self._steps()
        if np.isnan(steps).any() and state.busy:
            return
        try:
            self._next(wanted, steps)
        except InputError as error:
            self._end()
            state.post(str(error))

    def _next(self, wanted: Exploration, steps: Values) -> None:
        """Take the steps of a round, and begin the next one or end."""
        rounds = (self._rounds or EvenOut.of(times_of(wanted.walk), self._speed)).measured(steps)
        self._rounds = rounds
        walk = replace(wanted.walk, pacing=knots_of(rounds.times))
        exploration = replace(self._state.exploration, walk=walk)  # its view may have changed
        if not rounds.done:
            self._put(exploration)
            self._state.post(
                f"{self._label}: round {rounds.rounds} of at most {MOST_ROUNDS}. The variation of "
                f"the steps is {rounds.after:.2f} so far."
            )
            return
        self._end()
        self._state.edit(exploration, self._label, f"{self._label} {id(self)} {self._run}")
        if not self._state.results.are_of(exploration):
            self._state.generate()  # an earlier round; a later job would remove the sentence
        beside = "" if self._speed is None else ", over the wanted speed,"
        count = "1 round" if rounds.rounds == 1 else f"{rounds.rounds} rounds"
        self._state.post(
            f"The variation of the steps{beside} was {rounds.before:.2f} and is {rounds.after:.2f} "
            f"after {count}."
        )

    def _steps(self) -> Values:
        """Returns the steps of the first lane, in a loop with that from the last frame to the
        first; NaN while a frame is missing."""
        lane = self._state.results.lanes[0]
        walk = lane.lane.walk
        frames = frames_to_measure(walk.frames)
        known = [self._pyramid(lane.keys.get(index)) for index in frames]
        pyramids = [pyramid for pyramid in known if pyramid is not None]
        if walk.loop:
            frames, pyramids = [*frames, walk.frames], [*pyramids, *pyramids[:1]]
        if len(pyramids) < len(frames):
            return np.full(frames[-1], np.nan)
        distances = [distance(a, b) for a, b in itertools.pairwise(pyramids)]
        return steps_between(frames, np.array(distances))

    def _pyramid(self, key: str | None) -> Pyramid | None:
        """Returns what distances are computed from, for a finished frame."""
        if key is not None and key not in self._pyramids:
            image = self._frames.image(key)
            if image is not None:
                self._pyramids[key] = pyramid_of(image)
        return self._pyramids.get(key or "")


def _drawn(exploration: Exploration) -> tuple[object, ...]:
    """Returns what the pictures of the walk depend on."""
    return exploration.model, exploration.sampling, exploration.walk
