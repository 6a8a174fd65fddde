"""The results of the newest job, collected from the engine's events. Plain data, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.conditioning import Array32
from engine.messages import (
    FrameFailed,
    FrameReady,
    Image,
    MeasureReady,
    PathReady,
    ProbeReady,
    RenderRequest,
    Tier,
)
from engine.metrics.contract import measures
from engine.walk import Exploration, Lane, lanes_of

Values = npt.NDArray[np.float64]
#: The name of a measure, with the scoring text and the CLIP model, or "" if it uses none.
MeasureKey = tuple[str, str, str]


class StoredFrame(Protocol):
    """A finished frame: its picture [H, W, 3], its z_0 [C, h, w], and its z_T [C, h, w]."""

    @property
    def image(self) -> Image: ...
    @property
    def final(self) -> Array32: ...
    @property
    def initial(self) -> Array32: ...


class FrameReader(Protocol):
    """Reads finished frames by key. May be called on the GUI thread."""

    def image(self, key: str) -> Image | None: ...
    def get(self, key: str) -> StoredFrame | None: ...


@dataclass(slots=True)
class LaneResults:
    """The frames and measures of one lane. Each frame has a tier. Finished frames and drafts are
    held by key, previews as pictures. A measure has one value for each frame, NaN if unknown."""

    lane: Lane
    tiers: npt.NDArray[np.uint8]
    keys: dict[int, str] = field(default_factory=dict)
    drafts: dict[int, str] = field(default_factory=dict)
    previews: dict[int, Image] = field(default_factory=dict)
    frames: dict[int, FrameReady] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)
    measures: dict[MeasureKey, Values] = field(default_factory=dict)
    path: PathReady | None = None

    @classmethod
    def empty(cls, lane: Lane) -> LaneResults:
        """Returns the results of a lane without any frames."""
        return cls(lane, np.zeros(lane.walk.frames, np.uint8))

    @property
    def times(self) -> Values:
        """The time in 0…1 of each frame [n]: those of the walk, quickly for a long one."""
        walk = self.lane.walk
        shares = np.arange(walk.frames) / max(walk.intervals, 1)
        knots = np.array([(0.0, 0.0), *walk.pacing, (1.0, 1.0)])
        return np.interp(shares, *knots.T)

    def frame_at(self, time: float) -> int:
        """Returns the frame nearest to a time."""
        return int(np.abs(self.times - time).argmin())

    def again(self, lane: Lane) -> LaneResults:
        """Returns a copy for another job with a lane of equal content. Failed frames are reset."""
        failed = self.tiers == Tier.FAILED
        known = replace(
            self,
            lane=lane,
            tiers=np.where(failed, np.uint8(Tier.MISSING), self.tiers),
            keys=dict(self.keys),
            drafts=dict(self.drafts),
            previews=dict(self.previews),
            frames=dict(self.frames),
            failures={},
            measures={key: values.copy() for key, values in self.measures.items()},
        )
        for index in np.flatnonzero(failed).tolist():
            known.previews.pop(index, None)
            known.drafts.pop(index, None)
        return known

    def without_previews(self) -> LaneResults:
        """Returns a copy without previews, whose pictures need much memory."""
        preview = self.tiers == Tier.PREVIEW
        tiers = np.where(preview, np.uint8(Tier.MISSING), self.tiers)
        return replace(self, tiers=tiers, previews={})

    def fold(self, event: FrameReady) -> bool:
        """Add a frame. Returns False if a better version of it is already known."""
        if event.tier < self.tiers[event.index] < Tier.FAILED:
            return False
        self.tiers[event.index] = event.tier
        # The store keeps finished pictures. Keeping the events' pictures, too, would need memory in
        # proportion to the walk.
        if event.tier == Tier.PREVIEW:
            self.previews[event.index] = event.image
            return True
        self.previews.pop(event.index, None)
        if event.tier == Tier.DRAFT:
            self.drafts[event.index] = event.key
        else:
            self.keys[event.index] = event.key
            image = event.image[:0, :0]
            self.frames[event.index] = replace(event, image=image, initial=None, final=None)
        return True

    def fail(self, event: FrameFailed) -> None:
        """Mark a frame as failed, with the reason."""
        self.tiers[event.index] = Tier.FAILED
        self.failures[event.index] = event.message

    def nearest(self, index: int, least: Tier = Tier.PREVIEW) -> int | None:
        """Returns the frame nearest to `index` with at least tier `least` that did not fail."""
        if 0 <= index < len(self.tiers) and least <= self.tiers[index] < Tier.FAILED:
            return index  # the usual case, without a search
        ready = np.flatnonzero((self.tiers >= least) & (self.tiers < Tier.FAILED))
        if not ready.size:
            return None
        return int(ready[np.argmin(np.abs(ready - index))])

    def nearest_to(self, indices: npt.NDArray[np.intp]) -> list[int | None]:
        """Returns `nearest` for each of `indices` [k], which must not decrease."""
        ready = np.flatnonzero((self.tiers >= Tier.PREVIEW) & (self.tiers < Tier.FAILED))
        if not ready.size:
            return [None] * len(indices)
        after = np.searchsorted(ready, indices).clip(max=ready.size - 1)
        before = np.maximum(after - 1, 0)
        nearer = np.abs(indices - ready[before]) <= np.abs(ready[after] - indices)
        return [int(index) for index in ready[np.where(nearer, before, after)]]


@dataclass(slots=True)
class Results:
    """All lanes of the newest job. Finished pictures are read from `store`.

    `request` is the request of the job, None before the first. `unmeasured` holds the reason for
    each measure that was left out. `notes` are the notes of frames that were not made in the usual
    way.
    """

    store: FrameReader
    request: RenderRequest | None = None
    lanes: list[LaneResults] = field(default_factory=list)
    unmeasured: dict[str, str] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set)

    @property
    def job(self) -> int:
        """The number of the newest job; 0 before the first."""
        return self.request.job if self.request is not None else 0

    @property
    def scoring_text(self) -> str:
        """The text that CLIP compares the pictures with; "" for their prompts."""
        return self.request.scoring_text if self.request is not None else ""

    def are_of(self, exploration: Exploration) -> bool:
        """True if the newest job renders this exploration."""
        return self.request is not None and (
            (self.request.model, self.request.sampling, self.request.lanes)
            == (exploration.model, exploration.sampling, lanes_of(exploration))
        )

    def take_measure(self, event: MeasureReady) -> None:
        """Store the value of a measure at one frame."""
        lane, key = self.lanes[event.lane], self._measure_key(event.name)
        if key not in lane.measures:
            lane.measures[key] = np.full(len(lane.tiers), np.nan)
        lane.measures[key][event.index] = event.value

    def measured(self, lane: int, name: str) -> Values:
        """Returns a copy of a measure at each frame of a lane [n], NaN if unknown."""
        results = self.lanes[lane]
        values = results.measures.get(self._measure_key(name))
        return np.full(len(results.tiers), np.nan) if values is None else values.copy()

    def steps(self, lane: int, name: str) -> Values:
        """Returns a measure of the steps between the frames of a lane, in their order; in a loop,
        the last one leads to the first frame."""
        values = self.measured(lane, name)
        return np.append(values[1:], values[:1] if self.lanes[lane].lane.walk.loop else [])

    def _measure_key(self, name: str) -> MeasureKey:
        if self.request is None or not measures.get(name).needs_scorer:
            return name, "", ""
        return name, self.scoring_text, self.request.scorer

    def notes_of(self, lane: int, index: int) -> tuple[str, ...]:
        """Returns the notes of a finished frame. May run on any thread."""
        made = self.lanes[lane].frames.get(index) if lane < len(self.lanes) else None
        return () if made is None else made.notes

    def new_notes(self, notes: tuple[str, ...]) -> list[str]:
        """Returns the notes that this job has not had before, and stores them."""
        new = [note for note in notes if note not in self.notes]
        self.notes.update(new)
        return new

    def image(self, lane: int, index: int) -> Image | None:
        """Returns the best picture of exactly this frame, or None."""
        if lane >= len(self.lanes):
            return None
        results = self.lanes[lane]
        key = results.keys.get(index) or results.drafts.get(index)
        picture = self.store.image(key) if key else None
        return picture if picture is not None else results.previews.get(index)

    def nearest_image(self, lane: int, index: int) -> tuple[int, Image] | None:
        """Returns the nearest frame that has a picture: its index and the picture."""
        exact = self.image(lane, index)
        if exact is not None:
            return index, exact
        if lane >= len(self.lanes):
            return None
        near = self.lanes[lane].nearest(index)
        picture = self.image(lane, near) if near is not None else None
        return None if near is None or picture is None else (near, picture)

    def finished(self, lane: int, index: int) -> tuple[int, StoredFrame] | None:
        """Returns the nearest finished frame, if the store still holds it: its index, and its
        picture with the latents."""
        if lane >= len(self.lanes):
            return None
        results = self.lanes[lane]
        near = results.nearest(index, Tier.FINAL)
        frame = self.store.get(results.keys[near]) if near is not None else None
        return None if near is None or frame is None else (near, frame)


def is_worse_point(event: ProbeReady, shown: ProbeReady) -> bool:
    """Returns True for the picture of an older point, or for a worse picture of the same one."""
    same = (event.x, event.y, event.point) == (shown.x, shown.y, shown.point)
    return event.tier < shown.tier if same else event.serial < shown.serial
