"""The remaining frames of a plan, and their order.

The frame at the playhead comes first, then the ends, then the middle of the largest gap near the
playhead. With 64 frames, every position is within 5 frames of a finished one after 9 frames; in
sequential order, this takes 55 frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine import messages as m
from engine.geometry.walk_path import latent_stats
from engine.render.plan import LanePlan, RenderPlan
from engine.render.shared_steps import Ingredients, neighbours_of
from engine.store.stored_frame import StoredFrame


@dataclass(frozen=True, slots=True)
class Ticket:
    """Frame `index` of lane `lane`."""

    lane: int
    index: int


@dataclass(frozen=True, slots=True)
class Probe:
    """A point of the plane with the ingredients of its picture."""

    request: m.ProbeRequest
    ingredients: Ingredients

    def ready(self, tier: m.Tier, image: m.Image) -> m.ProbeReady:
        """Return the event with the point's picture [H, W, 3]."""
        stats = latent_stats(self.ingredients.initial)
        r = self.request
        return m.ProbeReady(r.serial, r.x, r.y, tier, stats.std, stats.norm_z, image, r.point)


@dataclass(eq=False, slots=True)
class Flight:
    """Ingredients in the sampler, with the tickets and probes that wait for their picture.

    `previewed` is the step of the last preview. `notes` say how the frame is made.
    """

    ingredients: Ingredients
    tickets: list[Ticket] = field(default_factory=list)
    probe: Probe | None = None
    previewed: int = 0
    notes: tuple[str, ...] = ()


def finished(
    plan: RenderPlan, ticket: Ticket, ingredients: Ingredients, frame: StoredFrame, cached: bool
) -> m.FrameReady:
    """Returns the event of a finished frame, with its latents if the plan asks for them."""
    return m.FrameReady(
        job=plan.job,
        lane=ticket.lane,
        index=ticket.index,
        time=ingredients.time,
        tier=m.Tier.FINAL,
        key=ingredients.key,
        image=frame.image,
        stats=latent_stats(ingredients.initial),
        cached=cached,
        initial=ingredients.initial if plan.latents else None,
        final=frame.final if plan.latents else None,
        notes=frame.notes,
    )


#: Returns the next point of the plane that fits a plan, or None. The first argument is the time to
#: wait for one, in seconds; with True as the second, it returns only drafts.
TakeProbe = Callable[[float, bool], Probe | None]


class Job:
    """Returns tickets by priority, evenly over all lanes."""

    def __init__(self, plan: RenderPlan) -> None:
        self._plan, self.in_order = plan, plan.in_order
        self._lanes = [
            Refinement(lane.path.walk.frames, lane.frames, _first_of(lane, plan.shared_step))
            for lane in plan.lanes
        ]
        self.totals = tuple(lane.left for lane in self._lanes)
        self.done = 0

    @property
    def total(self) -> int:
        return sum(self.totals)

    @property
    def left(self) -> int:
        """The number of frames that are not claimed."""
        return sum(lane.left for lane in self._lanes)

    @property
    def lowest(self) -> int:
        """The first frame that is not claimed in some lane."""
        return min(lane.lowest for lane in self._lanes)

    def claimed_from(self, index: int) -> int:
        """Return the number of frames from `index` to the first that is not claimed, in the lane
        with the fewest."""
        return min(lane.claimed_from(index) for lane in self._lanes)

    def next(self, focus: int) -> Ticket | None:
        """Claim the frame with the highest priority of the lane with most frames left."""
        if not self.left:
            return None
        lane = max(range(len(self._lanes)), key=lambda k: self._lanes[k].left)
        refinement = self._lanes[lane]
        index = refinement.first() if self.in_order else refinement.next(focus)
        return None if index is None else Ticket(lane, index)

    def claim(self, ticket: Ticket) -> bool:
        """Claim this frame. Returns False if it is already claimed."""
        return self._lanes[ticket.lane].take(ticket.index)

    def give_back(self, ticket: Ticket) -> None:
        """Return a claimed frame that was not rendered."""
        self._lanes[ticket.lane].give_back(ticket.index)

    def ingredients(self, ticket: Ticket) -> Ingredients:
        """Return the ingredients of the ticket's frame."""
        return self._plan.frame(ticket.lane, ticket.index)

    def tickets(self) -> Iterator[Ticket]:
        """Iterate in order over the frames that are not claimed yet."""
        for lane, refinement in enumerate(self._lanes):
            for index in refinement.unclaimed():
                yield Ticket(lane, index)


def _first_of(lane: LanePlan, shared_step: int) -> list[int]:
    """Returns the frames that others share steps with."""
    walk = lane.path.walk
    wanted = lane.frames if shared_step else ()
    return [index for index in wanted if neighbours_of(walk, index, lane.spacing) is None]


class Refinement:
    """Returns the `wanted` frames of a lane's frames 0…count−1 coarse to fine, each once; first
    those among `first`."""

    def __init__(self, count: int, wanted: Iterable[int], first: Sequence[int] = ()) -> None:
        self._first = np.zeros(count, bool)
        self._first[list(first)] = True
        self._open = np.zeros(count, bool)
        self._open[list(wanted)] = True
        self._taken = np.zeros(count, bool)
        self.left = int(self._open.sum())

    def take(self, index: int) -> bool:
        """Claim `index`. Returns False if it cannot be claimed."""
        if not self._open[index]:
            return False
        self._open[index], self._taken[index] = False, True
        self.left -= 1
        return True

    def give_back(self, index: int) -> None:
        """Return a claimed frame that was not rendered."""
        if self._taken[index]:
            self._open[index], self._taken[index] = True, False
            self.left += 1

    def unclaimed(self) -> Iterator[int]:
        """Iterate in order over the frames that are not claimed yet."""
        for index in range(len(self._open)):
            if self._open[index]:
                yield index

    @property
    def lowest(self) -> int:
        """Return the first remaining frame, or the number of frames if none is left."""
        return int(np.argmax(self._open)) if self.left else len(self._open)

    def claimed_from(self, index: int) -> int:
        """Return the number of frames from `index` to the first remaining one."""
        return int(self._taken[index : self.lowest].sum())

    def first(self) -> int | None:
        """Claim the first remaining frame. Returns None if none is left."""
        if not self.left:
            return None
        index = self.lowest
        self.take(index)
        return index

    def next(self, focus: int) -> int | None:
        """Claim the frame with the highest priority. Returns None if none is left."""
        if not self.left:
            return None
        focus = min(max(focus, 0), len(self._open) - 1)
        early = self._open & self._first
        wanted = np.flatnonzero(early if early.any() else self._open)
        first, last = int(wanted[0]), int(wanted[-1])
        if focus in wanted:
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
        """Return a remaining frame of the widest gap between claimed frames: the one whose index
        2 divides most often, so that every second frame comes before those between.

        Widths within a factor of two count as equal; the playhead decides between them.
        """
        taken = np.flatnonzero(self._taken)
        right = np.searchsorted(taken, wanted)
        left_edge, right_edge = taken[right - 1], taken[np.minimum(right, len(taken) - 1)]
        width = np.maximum(right_edge - left_edge, 1)
        level = np.ceil(np.log2(width)).astype(np.int64)
        top = level == level.max()
        centre = (left_edge + right_edge) // 2
        distance = np.abs(centre - focus)
        power_of_two = wanted & -wanted
        order = np.lexsort((np.abs(wanted - centre), -power_of_two, distance, ~top))
        return int(wanted[order[0]])
