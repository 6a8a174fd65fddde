"""Evens out the visible speed of the walk, in rounds of rendering and measuring."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject

from engine.errors import InputError
from engine.pacing.curve import Values, knots_of, times_of
from engine.pacing.even_out import MOST_ROUNDS, EvenOut
from engine.pictures.picture_distance import distance, pyramid_of
from engine.walk import Exploration, MethodChoice, with_method
from gui.pacing_verbs import STEPS
from gui.state.explorer_state import ExplorerState
from gui.state.results import FrameReader

LABEL, PERFECT = "Even out", "Perfect walk"


class EvenOutRun(QObject):
    """Owns the rounds in progress. Each round changes the pacing of the walk, waits until its new
    frames are measured, and computes the next pacing. All changes are one undo step.

    The distance is that of the measure Step length. The rounds end if the walk is edited.
    """

    def __init__(self, state: ExplorerState, frames: FrameReader, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._frames = state, frames
        self._rounds: EvenOut | None = None
        self._speed: Values | None = None
        self._wanted: Exploration | None = None
        self._label = LABEL
        state.measures_changed.connect(self._go_on)
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
        self._put(exploration)
        self._go_on()

    def _put(self, exploration: Exploration) -> None:
        """Make an edit that belongs to the verb, and render it."""
        self._wanted = exploration
        self._state.edit(exploration, self._label, f"{self._label} {id(self)}")
        if not self._state.results.are_of(exploration):
            self._state.generate()

    def _go_on(self, *_: object) -> None:
        wanted, state = self._wanted, self._state
        if wanted is None:
            return
        if state.exploration != wanted:
            self._wanted = None  # the walk was edited, or the edit was undone
            return
        if state.busy or not state.results.are_of(wanted):
            return
        steps = self._steps()
        if not np.isfinite(steps).all():
            return
        try:
            self._next(wanted, steps)
        except InputError as error:
            self._wanted = None
            state.post(str(error))

    def _next(self, wanted: Exploration, steps: Values) -> None:
        """Take the steps of a round, and begin the next one or end."""
        rounds = (self._rounds or EvenOut.of(times_of(wanted.walk), self._speed)).measured(steps)
        self._rounds = rounds
        walk = replace(wanted.walk, pacing=knots_of(rounds.times))
        exploration = replace(wanted, walk=walk)
        if not rounds.done:
            self._put(exploration)
            self._state.post(
                f"{self._label}: round {rounds.rounds} of at most {MOST_ROUNDS}. The variation of "
                f"the steps is {rounds.after:.2f} so far."
            )
            return
        self._wanted = None
        self._state.edit(exploration, self._label, f"{self._label} {id(self)}")
        beside = "" if self._speed is None else ", over the wanted speed,"
        count = "1 round" if rounds.rounds == 1 else f"{rounds.rounds} rounds"
        self._state.post(
            f"The variation of the steps{beside} was {rounds.before:.2f} and is {rounds.after:.2f} "
            f"after {count}."
        )

    def _steps(self) -> Values:
        """Returns the steps of the first lane, in a loop with that from the last frame to the
        first; NaN if unknown."""
        results = self._state.results
        steps = results.measured(0, STEPS)[1:]
        if not results.lanes[0].lane.walk.loop:
            return steps
        keys = results.lanes[0].keys
        ends = [self._frames.image(keys[k]) if k in keys else None for k in (len(steps), 0)]
        if ends[0] is None or ends[1] is None:
            return np.append(steps, np.nan)
        last, first = (pyramid_of(image) for image in ends if image is not None)
        return np.append(steps, distance(last, first))
