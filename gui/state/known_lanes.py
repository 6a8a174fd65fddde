"""Keeps results of earlier lanes by content, so that a new job starts with the known ones."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from engine.messages import RenderRequest
from engine.walk import Lane, Sampling, Walk
from gui.state.results import LaneResults, Results

#: Most frames of lanes that are not in the newest job. The least recently used are removed first.
MOST_FRAMES = 50_000


@dataclass(frozen=True, slots=True)
class LaneContent:
    """Everything that determines the frames of a lane; not its title and not the measures."""

    walk: Walk
    model: str
    sampling: Sampling
    device: str
    precision: str
    weight_bits: int

    @classmethod
    def of(cls, lane: Lane, request: RenderRequest) -> LaneContent:
        """Returns the content of a lane of a request."""
        machine = request.device, request.precision, request.weight_bits
        return cls(lane.walk, request.model, request.sampling, *machine)


class KnownLanes:
    """Owns the results of lanes of earlier jobs. Results hold the keys of frames, not pictures."""

    def __init__(self) -> None:
        self._lanes: OrderedDict[LaneContent, LaneResults] = OrderedDict()

    def begin(self, before: Results, request: RenderRequest) -> list[LaneResults]:
        """Returns the results with which the job of a request starts. `before` are the results of
        the previous job.

        A lane of equal content keeps its frames, measures and geometry, and also its previews if it
        was in the previous job. Other lanes start empty.
        """
        previous = self._remember(before)
        lanes = []
        for lane in request.lanes:
            content = LaneContent.of(lane, request)
            known = previous.get(content) or self._lanes.get(content)
            lanes.append(known.again(lane) if known else LaneResults.empty(lane))
        self._drop_oldest()
        return lanes

    def keep(self, results: Results) -> None:
        """Remember the lanes of a job whose results are no longer shown."""
        self._remember(results)
        self._drop_oldest()

    def _remember(self, before: Results) -> dict[LaneContent, LaneResults]:
        """Store the lanes of the previous job without previews. Returns them with previews."""
        previous: dict[LaneContent, LaneResults] = {}
        if before.request is None:
            return previous
        for results in before.lanes:
            content = LaneContent.of(results.lane, before.request)
            previous[content] = results
            if results.keys or results.drafts:
                self._lanes[content] = results.without_previews()
                self._lanes.move_to_end(content)
        return previous

    def _drop_oldest(self) -> None:
        frames = sum(len(results.tiers) for results in self._lanes.values())
        while frames > MOST_FRAMES:
            _, oldest = self._lanes.popitem(last=False)
            frames -= len(oldest.tiers)
