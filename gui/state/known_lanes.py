"""Results of lanes that were drawn before, by content: another job begins with what is known."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from engine.messages import RenderRequest
from engine.walk import Lane, Sampling, Walk
from gui.state.results import LaneResults, Results

#: Frames of lanes that the newest job does not have; those used least recently go first.
MOST_FRAMES = 50_000


@dataclass(frozen=True, slots=True)
class LaneContent:
    """All that makes the frames of a lane. Its title does not, nor do measures."""

    walk: Walk
    model: str
    sampling: Sampling
    device: str
    precision: str

    @classmethod
    def of(cls, lane: Lane, request: RenderRequest) -> LaneContent:
        """That of a lane of a request."""
        return cls(lane.walk, request.model, request.sampling, request.device, request.precision)


class KnownLanes:
    """Owns the results of lanes of earlier jobs. They hold keys of frames, not pictures."""

    def __init__(self) -> None:
        self._lanes: OrderedDict[LaneContent, LaneResults] = OrderedDict()

    def begin(self, before: Results, request: RenderRequest) -> list[LaneResults]:
        """The results with which the job of a request begins, after those of the job before.

        A lane of equal content keeps its frames, measures and geometry, and its previews if the job
        before had it. Other lanes begin empty.
        """
        previous = self._remember(before)
        lanes = []
        for lane in request.lanes:
            content = LaneContent.of(lane, request)
            known = previous.get(content) or self._lanes.get(content)
            lanes.append(known.again(lane) if known else LaneResults.empty(lane))
        self._drop_oldest()
        return lanes

    def _remember(self, before: Results) -> dict[LaneContent, LaneResults]:
        """Keep the lanes of the job before, without previews; and return them as they are."""
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
