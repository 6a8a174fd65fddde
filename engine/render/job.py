"""One job's plan: which frames of which lanes are wanted, what makes each, and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.geometry.walk_path import WalkPath, latent_stats
from engine.messages import Array32, Image, ProbeReady, ProbeRequest, Tier
from engine.render.refinement import Refinement
from engine.store.stored_frame import frame_key


@dataclass(frozen=True, slots=True)
class Ticket:
    """Frame `index` of lane `lane`."""

    lane: int
    index: int


@dataclass(frozen=True, slots=True)
class Ingredients:
    """All that makes one frame: z_T [C, h, w], embeddings [tokens, width], and its key."""

    time: float
    initial: Array32
    positive: Array32
    negative: Array32
    key: str


@dataclass(frozen=True, slots=True)
class Probe:
    """A point of the plane and what makes its picture."""

    request: ProbeRequest
    ingredients: Ingredients

    def ready(self, tier: Tier, image: Image) -> ProbeReady:
        """The event that carries the point's picture [H, W, 3]."""
        stats = latent_stats(self.ingredients.initial)
        r = self.request
        return ProbeReady(r.serial, r.x, r.y, tier, stats.std, stats.norm_z, image)


class Job:
    """Hands out tickets, most wanted first, in step over all lanes."""

    def __init__(
        self,
        paths: list[WalkPath],
        settings: Mapping[str, Any],
        wanted: tuple[int, ...] | None,
        in_order: bool = False,
    ) -> None:
        self._paths, self._settings, self.in_order = paths, settings, in_order
        self._lanes = [Refinement(p.walk.frames, _inside(wanted, p.walk.frames)) for p in paths]
        self.totals = tuple(lane.left for lane in self._lanes)
        self.done = 0

    @property
    def total(self) -> int:
        return sum(self.totals)

    @property
    def left(self) -> int:
        """Frames that nobody has claimed."""
        return sum(lane.left for lane in self._lanes)

    @property
    def lowest(self) -> int:
        """The first frame that nobody has claimed in some lane."""
        return min(lane.lowest for lane in self._lanes)

    def next(self, focus: int) -> Ticket | None:
        """Claim the most wanted frame of the lane that has most left."""
        if not self.left:
            return None
        lane = max(range(len(self._lanes)), key=lambda k: self._lanes[k].left)
        refinement = self._lanes[lane]
        index = refinement.first() if self.in_order else refinement.next(focus)
        return None if index is None else Ticket(lane, index)

    def claim(self, ticket: Ticket) -> bool:
        """Claim this very frame; False when it is claimed already."""
        return self._lanes[ticket.lane].take(ticket.index)

    def give_back(self, ticket: Ticket) -> None:
        """A claimed frame was not made after all."""
        self._lanes[ticket.lane].give_back(ticket.index)

    def ingredients(self, ticket: Ticket) -> Ingredients:
        """What makes the ticket's frame."""
        path = self._paths[ticket.lane]
        time = path.walk.time_of(ticket.index)
        return make_ingredients(
            self._settings, time, path.latent(time), path.conditioning(time), path.negative()
        )

    def tickets(self) -> Iterator[Ticket]:
        """Every frame not yet claimed when its turn comes, in order."""
        for lane, refinement in enumerate(self._lanes):
            for index in refinement.unclaimed():
                yield Ticket(lane, index)


def make_ingredients(
    settings: Mapping[str, Any],
    time: float,
    initial: Array32,
    positive: Array32,
    negative: Array32,
) -> Ingredients:
    """Ingredients with their key; arrays become contiguous."""
    initial = np.ascontiguousarray(initial)
    key = frame_key(settings, initial, positive, negative)
    return Ingredients(time, initial, positive, negative, key)


def _inside(wanted: tuple[int, ...] | None, frames: int) -> tuple[int, ...] | None:
    return None if wanted is None else tuple(k for k in wanted if 0 <= k < frames)
