"""Measures of finished frames, taken from what is there already: nothing is generated for them.

Memory does not grow with the walk: of its frames only the keys are kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

from engine import messages as m
from engine.errors import InputError, ModelError
from engine.mailbox import JobControl
from engine.measuring.measure_plan import Chosen
from engine.measuring.picture_features import PictureFeatures
from engine.metrics.contract import FrameMeasure, Observed, Space, StepMeasure

#: Pictures that CLIP looks at together, and how long the first of them waits for the others.
_BATCH, _PATIENCE_S = 8, 1.0


@dataclass(frozen=True, slots=True)
class _Group:
    """Measures that are taken together, and the keys of the frames they have seen, by lane."""

    space: Space
    frames: dict[str, FrameMeasure]
    steps: dict[str, StepMeasure]
    keys: list[dict[int, str]]

    @property
    def empty(self) -> bool:
        return not self.frames and not self.steps


class Measuring:
    """Measures one job's frames as they are finished. Used on the engine's thread.

    `frames` is the number of frames of each lane, `text` the direction of the scoring text, where
    a measure needs one.
    """

    def __init__(
        self,
        job: int,
        chosen: Chosen,
        frames: tuple[int, ...],
        seen: PictureFeatures,
        text: m.Array32 | None = None,
    ) -> None:
        self._job, self._seen, self._text = job, seen, text
        self._spans = [1.0 / max(count - 1, 1) for count in frames]
        self._at_once = _group(chosen, Space.PICTURE, len(frames))
        self._scored = _group(chosen, Space.CLIP, len(frames))
        self._waiting: list[m.FrameReady] = []
        self._waiting_since = 0.0

    def along(self, events: Iterator[m.Event], control: JobControl) -> Iterator[m.Event]:
        """The same events, final frames followed by their measures. Raises Cancelled."""
        for event in events:
            yield event
            if isinstance(event, m.FrameReady) and event.tier == m.Tier.FINAL:
                control.check()
                yield from self._take(event)
        yield from self._score_waiting()

    def _take(self, frame: m.FrameReady) -> Iterator[m.Event]:
        if self._at_once.steps:
            self._seen.look(frame.key, frame.image)
        yield from self._measure(self._at_once, frame, math.nan)
        if self._scored.empty:
            return
        if not self._waiting:
            self._waiting_since = time.monotonic()
        self._waiting.append(frame)
        late = time.monotonic() - self._waiting_since > _PATIENCE_S
        if late or len(self._waiting) >= _BATCH:
            yield from self._score_waiting()

    def _score_waiting(self) -> Iterator[m.Event]:
        """Let CLIP look at the pictures that wait; where it cannot, the walk goes on without it."""
        waiting, self._waiting = self._waiting, []
        try:
            self._seen.read({frame.key: frame.image for frame in waiting})
            for frame in waiting:
                text = self._text
                cosine = math.nan if text is None else self._seen.cosine(frame.key, text)
                yield from self._measure(self._scored, frame, cosine)
        except RuntimeError as error:  # torch's, of which out of memory is one
            failed, self._scored = self._scored, _group({}, Space.CLIP, 0)
            for name in (*failed.frames, *failed.steps):
                yield m.MeasureFailed(self._job, name, failure_of(error))

    def _measure(
        self, group: _Group, frame: m.FrameReady, cosine: float
    ) -> Iterator[m.MeasureReady]:
        """The values of a frame, and of the steps between it and the neighbours that are there."""
        assert frame.stats is not None
        observed = Observed(frame.image, frame.stats, cosine)
        for name, measure in group.frames.items():
            value = measure.of(observed)
            yield m.MeasureReady(frame.job, frame.lane, frame.index, name, value)
        group.keys[frame.lane][frame.index] = frame.key
        if group.steps:
            for later in (frame.index, frame.index + 1):
                yield from self._step(group, frame, later)

    def _step(self, group: _Group, frame: m.FrameReady, later: int) -> Iterator[m.MeasureReady]:
        """The values of the step that ends at frame `later`."""
        keys = group.keys[frame.lane]
        if later - 1 not in keys or later not in keys:
            return
        gap = self._seen.gap(group.space, keys[later - 1], keys[later])
        if math.isnan(gap):
            return  # the picture has left the store, and nothing is generated for a measure
        for name, measure in group.steps.items():
            value = measure.of(gap, self._spans[frame.lane])
            yield m.MeasureReady(frame.job, frame.lane, later, name, value)


def _group(chosen: Chosen, space: Space, lanes: int) -> _Group:
    """Those of the measures that need CLIP, or those that do not."""
    own = {n: x for n, x in chosen.items() if x.needs_scorer == (space is Space.CLIP)}
    return _Group(
        space,
        {n: x for n, x in own.items() if isinstance(x, FrameMeasure)},
        {n: x for n, x in own.items() if isinstance(x, StepMeasure)},
        [{} for _ in range(lanes)],
    )


def failure_of(error: Exception) -> str:
    """Why CLIP cannot score, in one sentence."""
    if isinstance(error, InputError | ModelError):
        return str(error)
    reason = str(error).partition("\n")[0][:200]
    return f"CLIP cannot look at the pictures here ({reason}); free some memory and generate again."
