"""Values derived from the explorer's state."""

from __future__ import annotations

from engine import messages as m
from engine.metrics.contract import measures
from engine.view import View
from engine.walk import Exploration, Sampling
from gui.state.results import Results
from gui.state.state_signals import StateSignals


class StateQuestions(StateSignals):
    """Base of `ExplorerState` with the values that follow from its fields."""

    exploration: Exploration
    results: Results
    range: tuple[int, int] | None
    model: m.ModelInfo | None

    @property
    def frame_count(self) -> int:
        """The number of frames of the first lane, or of the walk before the first job."""
        lanes = self.results.lanes
        return len(lanes[0].tiers) if lanes else self.exploration.walk.frames

    @property
    def recommended(self) -> Sampling:
        """The sampling that the model recommends; before a model is known, the starter model's."""
        return self.model.default_sampling if self.model else Exploration().sampling

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last frame of playback and export."""
        return self.range or (0, max(self.frame_count - 1, 0))

    @property
    def view(self) -> View:
        """The exploration's view."""
        return self.exploration.view

    @property
    def lane(self) -> int:
        """The number of the lane in focus, among those of the newest job."""
        return min(self.view.lane, max(len(self.results.lanes) - 1, 0))

    @property
    def wanted_measures(self) -> tuple[str, ...]:
        """The shown measures that have to be computed for each frame."""
        known = set(measures.names())
        return tuple(
            name
            for name in self.exploration.measures
            if name in known and not getattr(measures.get(name), "stat", "")
        )
