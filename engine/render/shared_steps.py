"""Frames that share their first steps with their neighbours: an approximation, off by default.

Some frames are rendered with all their steps: every second to every 32nd, by the angle between the
initial latents of neighbouring frames, and the first and last one of a segment. A frame between two
of them starts at a later step, from a mix of the latents that these two had
there. This is latent blending: slerp of the noisy latents, linear for the x0 that a multistep
solver remembers. Neighbours that lead to different pictures are too far apart for it; a frame
between them is rendered with all its steps.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Generic, Protocol, TypeVar

import numpy as np
import torch

from engine.conditioning import Array32, Conditioning
from engine.geometry.walk_path import WalkPath
from engine.lru_cache import LruCache
from engine.methods.contract import arc_weights
from engine.walk import Walk

#: The largest angle between the initial latents of frames with all steps, in degrees, and the
#: numbers of frames from one to the next.
_ANGLE = 6.25
_SPACINGS = (32, 16, 8, 4, 2)
#: The largest distance of two neighbours' x0 at the shared step, as a share of their norm.
FAR = 0.25
#: Bytes of latents that are kept, for several jobs: two thousand of SD 1.
_STATES = 256 * 2**20
#: Frames that wait for neighbours, for each slot.
_WAITING = 2

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Ingredients:
    """The input of one frame: z_T [C, h, w], its texts, its key, and the frames with which it
    shares steps."""

    time: float
    initial: Array32
    positive: Conditioning
    negative: Conditioning
    key: str
    between: Between | None = None

    def shared(self, between: Between) -> Ingredients:
        """Return those of a frame that shares steps, and has another key therefore."""
        text = f"{self.key} {between.keys} {between.step} {between.position!r} {between.limit}"
        key = hashlib.sha256(text.encode()).hexdigest()[:40]
        return replace(self, key=key, between=between)


@dataclass(frozen=True, slots=True)
class Between:
    """The two frames with which a frame shares its first steps, the number of these, and the
    position between them, 0 to 1.

    Nothing is shared if the x0 of both differ by more than `limit`, a share of their norm. The
    frame is an approximation, unless there is no limit: then it is mixed on purpose.
    """

    ends: tuple[Ingredients, Ingredients]
    step: int
    position: float
    limit: float

    @property
    def keys(self) -> tuple[str, str]:
        return self.ends[0].key, self.ends[1].key

    @property
    def notes(self) -> tuple[str, ...]:
        """The sentence about an approximation."""
        if math.isinf(self.limit):
            return ()
        return (f"Approximate: shares its first {self.step} steps with frames beside it.",)


@dataclass(frozen=True, slots=True)
class Started:
    """The step at which a frame starts, its latent x and the x0 of the step before [C, h, w]."""

    step: int
    x: torch.Tensor
    previous: torch.Tensor


class Stepping(Protocol):
    """A sampler whose latents can be read at a step."""

    def at_step(self, step: int) -> list[tuple[str, torch.Tensor, torch.Tensor]]: ...


def spacing_of(path: WalkPath) -> int:
    """Returns the number of frames from one with all steps to the next, by the largest angle
    between two frames in the middle of a segment."""
    walk, largest = path.walk, 0.0
    for start, end in pairwise(walk.stops()):
        at = (start + end) / 2
        step = min(1.0 / max(walk.intervals, 1), end - start) / 2
        largest = max(largest, _degrees(path.latent(at - step), path.latent(at + step)))
    return next((n for n in _SPACINGS if n * largest <= _ANGLE), _SPACINGS[-1])


def neighbours_of(walk: Walk, index: int, spacing: int) -> tuple[int, int] | None:
    """Returns the frames between which frame `index` lies. None if it has all its steps."""
    if _has_all_steps(walk, index, spacing):
        return None
    first, last = index - 1, index + 1
    while not _has_all_steps(walk, first, spacing):
        first -= 1
    while not _has_all_steps(walk, last, spacing):
        last += 1
    return first, last


def position_between(walk: Walk, index: int, neighbours: tuple[int, int]) -> float | None:
    """Returns the position of a frame between its neighbours, 0 to 1. None if the neighbours are
    at the same place."""
    start, end = (walk.locate(walk.time_of(k))[1] for k in neighbours)
    segment, own = walk.locate(walk.time_of(index))
    if walk.locate(walk.time_of(neighbours[1]))[0] > segment:
        end = 1.0  # a frame at the keyframe counts as the next segment's
    return None if end == start else min(max((own - start) / (end - start), 0.0), 1.0)


def _degrees(a: Array32, b: Array32) -> float:
    """Returns the angle between two latents."""
    norms = float(np.linalg.norm(a)) * float(np.linalg.norm(b))
    cosine = float(np.vdot(a, b)) / norms if norms else 1.0
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))


def _has_all_steps(walk: Walk, index: int, spacing: int) -> bool:
    if index % spacing == 0 or index >= walk.frames - 1:
        return True
    places = [walk.place(walk.time_of(index + k)) for k in (-1, 0, 1)]
    # A drifting hold has noise of its own that no γ tells, so that nothing lies between its frames.
    drifting = any(walk.pace_of(segment).drifts_at(share) for segment, share in places)
    return drifting or len({segment for segment, _ in places}) > 1


class States(LruCache[tuple[str, int], Started]):
    """Latents by key and step."""

    def __init__(self) -> None:
        super().__init__(_STATES, lambda started: started.x.nbytes + started.previous.nbytes)


class SharedSteps(Generic[Item]):
    """The latents of neighbours at the shared step, and the frames that wait for them.

    `states` may be shared by several jobs. `item` is what identifies a frame that waits.
    """

    def __init__(self, states: States, slots: int) -> None:
        self._states, self._most = states, _WAITING * slots
        self._waiting: list[tuple[Item, Between]] = []

    @property
    def waiting(self) -> tuple[Item, ...]:
        """The frames that wait."""
        return tuple(item for item, _ in self._waiting)

    @property
    def full(self) -> bool:
        """True if no more frames should wait."""
        return len(self._waiting) >= self._most

    def wait(self, item: Item, between: Between) -> None:
        """Let a frame wait for its neighbours."""
        self._waiting.append((item, between))

    def take(self, in_work: Collection[str]) -> Item | None:
        """Remove and return a waiting frame that can start, or a neighbour of which can."""
        for number, (item, between) in enumerate(self._waiting):
            missing = self.missing(between)
            if not missing or any(between.keys[k] not in in_work for k in missing):
                del self._waiting[number]
                return item
        return None

    def missing(self, between: Between) -> list[int]:
        """Return 0, 1 or both for the neighbours whose latents are not known."""
        return [k for k in (0, 1) if self._states.get((between.keys[k], between.step)) is None]

    def keep(self, steps: Collection[int], sampler: Stepping) -> None:
        """Store the latents of the frames that are at one of these steps."""
        for step in steps:
            for key, x, previous in sampler.at_step(step):
                self._states.put((key, step), Started(step, x.clone(), previous.clone()))

    def started(self, between: Between) -> Started | None:
        """Return the mix of both neighbours, or None if they are too far apart."""
        first, last = (self._states.get((key, between.step)) for key in between.keys)
        if (
            first is None
            or last is None
            or _distance(first.previous, last.previous) > between.limit
        ):
            return None
        share = between.position
        x = _slerp(first.x, last.x, share)
        return Started(between.step, x, torch.lerp(first.previous, last.previous, share))


def _distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """Returns the distance of two tensors as a share of their norm."""
    norm = float(a.norm() + b.norm()) / 2
    return float((a - b).norm()) / norm if norm else 0.0


def _slerp(start: torch.Tensor, end: torch.Tensor, share: float) -> torch.Tensor:
    norms = float(start.norm() * end.norm())
    cosine = float((start * end).sum()) / norms if norms else 1.0
    first, last = arc_weights(cosine, share)
    return first * start + last * end
