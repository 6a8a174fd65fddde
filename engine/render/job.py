"""What is left of a plan's frames, and which comes next.

The playhead comes first, then the ends, then the largest gap nearest the playhead. With 64 frames
every position is within 5 of a finished frame after 9 frames; in sequential order that takes 55.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from engine import messages as m
from engine.geometry.walk_path import latent_stats
from engine.render.plan import Ingredients, RenderPlan


@dataclass(frozen=True, slots=True)
class Ticket:
    """Frame `index` of lane `lane`."""

    lane: int
    index: int


@dataclass(frozen=True, slots=True)
class Probe:
    """A point of the plane and what makes its picture."""

    request: m.ProbeRequest
    ingredients: Ingredients

    def ready(self, tier: m.Tier, image: m.Image) -> m.ProbeReady:
        """The event that carries the point's picture [H, W, 3]."""
        stats = latent_stats(self.ingredients.initial)
        r = self.request
        return m.ProbeReady(r.serial, r.x, r.y, tier, stats.std, stats.norm_z, image)


class Job:
    """Hands out tickets, most wanted first, in step over all lanes."""

    def __init__(self, plan: RenderPlan) -> None:
        self._plan, self.in_order = plan, plan.in_order
        self._lanes = [Refinement(lane.path.walk.frames, lane.frames) for lane in plan.lanes]
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
        return self._plan.frame(ticket.lane, ticket.index)

    def tickets(self) -> Iterator[Ticket]:
        """Every frame not yet claimed when its turn comes, in order."""
        for lane, refinement in enumerate(self._lanes):
            for index in refinement.unclaimed():
                yield Ticket(lane, index)


class Refinement:
    """Hands out the `wanted` ones of a lane's frames 0…count−1, coarse to fine, each once."""

    def __init__(self, count: int, wanted: Iterable[int]) -> None:
        self._open = np.zeros(count, bool)
        self._open[list(wanted)] = True
        self._taken = np.zeros(count, bool)
        self.left = int(self._open.sum())

    def take(self, index: int) -> bool:
        """Claim `index`; False when it was not there to claim."""
        if not self._open[index]:
            return False
        self._open[index], self._taken[index] = False, True
        self.left -= 1
        return True

    def give_back(self, index: int) -> None:
        """Un-claim a frame that was taken but not made."""
        if self._taken[index]:
            self._open[index], self._taken[index] = True, False
            self.left += 1

    def unclaimed(self) -> Iterator[int]:
        """The frames not yet claimed when their turn comes, in order."""
        for index in range(len(self._open)):
            if self._open[index]:
                yield index

    @property
    def lowest(self) -> int:
        """The first frame left; the count where none is."""
        return int(np.argmax(self._open)) if self.left else len(self._open)

    def first(self) -> int | None:
        """Claim the first frame left, or None when none is."""
        if not self.left:
            return None
        index = self.lowest
        self.take(index)
        return index

    def next(self, focus: int) -> int | None:
        """Claim the most wanted frame, or None when none is left."""
        if not self.left:
            return None
        focus = min(max(focus, 0), len(self._open) - 1)
        wanted = np.flatnonzero(self._open)
        first, last = int(wanted[0]), int(wanted[-1])
        if self._open[focus]:
            index = focus
        elif not self._taken[: first + 1].any():
            index = first
        elif not self._taken[last:].any():
            index = last
        else:
            index = self._in_largest_gap(wanted, focus)
        self.take(index)
        return index

    def _in_largest_gap(
        self, wanted: np.ndarray[tuple[int], np.dtype[np.int64]], focus: int
    ) -> int:
        """The open frame nearest the middle of the widest stretch without a taken frame.

        Widths within a factor of two count as equal, so that the playhead decides among them.
        """
        taken = np.flatnonzero(self._taken)
        right = np.searchsorted(taken, wanted)
        left_edge, right_edge = taken[right - 1], taken[np.minimum(right, len(taken) - 1)]
        width = np.maximum(right_edge - left_edge, 1)
        level = np.floor(np.log2(width)).astype(np.int64)
        top = level == level.max()
        centre = (left_edge + right_edge) // 2
        distance = np.abs(centre - focus)
        off_centre = np.abs(wanted - centre)
        order = np.lexsort((off_centre, distance, ~top))
        return int(wanted[order[0]])
