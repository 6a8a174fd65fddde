"""Computes measures of finished frames. It never renders a frame for them.

It keeps only the keys of frames, so that its memory does not grow with the walk.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine import messages as m
from engine.conditioning import Array32
from engine.errors import InputError, ModelError
from engine.mailbox import JobControl
from engine.measuring.measure_plan import Chosen, MeasurePlan
from engine.measuring.picture_features import PictureFeatures
from engine.measuring.scoring_text import direction_at
from engine.metrics.contract import FrameMeasure, Observed, Space, StepMeasure

#: Number of pictures in a batch of CLIP, and longest wait of a picture for a batch, in seconds.
_BATCH, _BATCH_TIMEOUT_S = 8, 1.0


@dataclass(frozen=True, slots=True)
class _Group:
    """Measures that are computed together, and the keys of their frames by lane."""

    space: Space
    frames: dict[str, FrameMeasure]
    steps: dict[str, StepMeasure]
    keys: list[dict[int, str]]

    @property
    def empty(self) -> bool:
        return not self.frames and not self.steps


class Measuring:
    """Measures the frames of one job as they are finished. Runs on the engine's thread.

    `texts` holds the CLIP direction of each of the plan's texts, if a measure uses them.
    """

    def __init__(
        self,
        job: int,
        plan: MeasurePlan,
        seen: PictureFeatures,
        texts: Mapping[str, Array32],
    ) -> None:
        self._job, self._plan, self._seen, self._texts = job, plan, seen, texts
        self._at_once = _group(plan.chosen, Space.PICTURE, len(plan.walks))
        self._scored = _group(plan.chosen, Space.CLIP, len(plan.walks))
        self._waiting: list[m.FrameReady] = []
        self._waiting_since = 0.0

    def along(self, events: Iterator[m.Event], control: JobControl) -> Iterator[m.Event]:
        """Yields the same events, with measures after final frames. Raises Cancelled."""
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
        late = time.monotonic() - self._waiting_since > _BATCH_TIMEOUT_S
        if (late and not self._plan.steady) or len(self._waiting) >= _BATCH:
            yield from self._score_waiting()

    def _score_waiting(self) -> Iterator[m.Event]:
        """Score the waiting pictures with CLIP. If this fails, the job continues without CLIP."""
        waiting, self._waiting = self._waiting, []
        try:
            self._seen.read({frame.key: frame.image for frame in waiting})
            for frame in waiting:
                walk = self._plan.walks[frame.lane]
                text = direction_at(self._plan.scoring_text, walk, frame.time, self._texts)
                cosine = math.nan if text is None else self._seen.cosine(frame.key, text)
                yield from self._measure(self._scored, frame, cosine)
        except RuntimeError as error:  # an error of torch, for example out of memory
            failed, self._scored = self._scored, _group({}, Space.CLIP, 0)
            for name in (*failed.frames, *failed.steps):
                yield m.MeasureFailed(self._job, name, failure_of(error))

    def _measure(
        self, group: _Group, frame: m.FrameReady, cosine: float
    ) -> Iterator[m.MeasureReady]:
        """Yields the values of a frame, and of the steps to its finished neighbours."""
        assert frame.stats is not None
        observed = Observed(frame.image, frame.stats, cosine)
        for name, measure in group.frames.items():
            value = measure.of(observed)
            yield m.MeasureReady(frame.job, frame.lane, frame.index, name, value)
        group.keys[frame.lane][frame.index] = frame.key
        if group.steps:
            count = self._plan.walks[frame.lane].frames
            for later in (frame.index, (frame.index + 1) % count):
                yield from self._step(group, frame, later)

    def _step(self, group: _Group, frame: m.FrameReady, later: int) -> Iterator[m.MeasureReady]:
        """Yields the values of the step that ends at frame `later`; in a loop, one ends at the
        first frame."""
        walk, keys = self._plan.walks[frame.lane], group.keys[frame.lane]
        if later == 0 and not walk.loop:
            return
        before = later - 1 if later else walk.frames - 1
        if before not in keys or later not in keys:
            return
        gap = self._seen.gap(group.space, keys[before], keys[later])
        if math.isnan(gap):
            return  # the store no longer holds the picture
        span = (walk.time_of(later) if later else 1.0) - walk.time_of(before)
        for name, measure in group.steps.items():
            value = measure.of(gap, span)
            yield m.MeasureReady(frame.job, frame.lane, later, name, value)


def _group(chosen: Chosen, space: Space, lanes: int) -> _Group:
    """Returns the measures that need CLIP, or those that do not."""
    own = {n: x for n, x in chosen.items() if x.needs_scorer == (space is Space.CLIP)}
    return _Group(
        space,
        {n: x for n, x in own.items() if isinstance(x, FrameMeasure)},
        {n: x for n, x in own.items() if isinstance(x, StepMeasure)},
        [{} for _ in range(lanes)],
    )


def failure_of(error: Exception) -> str:
    """Returns a sentence that says why CLIP cannot score."""
    if isinstance(error, InputError | ModelError):
        return str(error)
    reason = str(error).partition("\n")[0][:200]
    return f"CLIP cannot score the pictures ({reason}); free some memory and press Generate again."
