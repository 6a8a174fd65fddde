"""The signals of the explorer's state, and the values derived from its fields."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from engine.messages import ModelInfo
from engine.metrics.contract import measures
from engine.view import View
from engine.walk import Exploration, Sampling, Walk, content_of
from gui.state.results import Results


@dataclass(frozen=True, slots=True)
class CellRequest:
    """Pictures of keyframes, in their order, when nothing else is rendered: frame k of `walk` is
    its keyframe k. `measures` compare them with `scoring_text`."""

    walk: Walk
    measures: tuple[str, ...] = ()
    scoring_text: str = ""


class StateSignals(QObject):
    """Signals of `ExplorerState`.

    Changes: exploration_changed; view_changed; playhead_changed(index); range_changed;
    results_reset, when a job has started with the known results of its lanes;
    frame_changed(lane, index); path_changed(lane); measures_changed(name); progress_changed;
    busy_changed(bool); cells_busy_changed; model_changed; probe_changed; auto_changed(bool);
    opened, when another document has replaced the present one; message_posted(text, details);
    model_missing(hub id), when a model would have to be downloaded.

    Requests for the session: generate_requested, cancel_requested, finish_requested,
    pause_requested, memory_requested, probe_requested(serial, x, y, keyframe at the point or None,
    True for a draft); cells_requested(CellRequest), cells_dropped.

    For owners of cells: cells_event(event of their job). For the model dialog:
    memory_told(DeviceMemory).
    """

    exploration_changed = Signal()
    view_changed = Signal()
    playhead_changed = Signal(int)
    range_changed = Signal()
    results_reset = Signal()
    frame_changed = Signal(int, int)
    path_changed = Signal(int)
    measures_changed = Signal(str)
    progress_changed = Signal()
    busy_changed = Signal(bool)
    cells_busy_changed = Signal()
    model_changed = Signal()
    probe_changed = Signal()
    auto_changed = Signal(bool)
    opened = Signal()
    message_posted = Signal(str, str)
    model_missing = Signal(str)
    generate_requested = Signal()
    cancel_requested = Signal()
    finish_requested = Signal()
    pause_requested = Signal()
    memory_requested = Signal()
    memory_told = Signal(object)
    probe_requested = Signal(int, float, float, object, bool)
    cells_requested = Signal(object)
    cells_dropped = Signal()
    cells_event = Signal(object)

    def generate(self) -> None:
        """Render the walk."""
        self.generate_requested.emit()

    def finish(self) -> None:
        """Stop when the next frame is finished."""
        self.finish_requested.emit()

    def ask_memory(self) -> None:
        """Request the free memory of the chosen device."""
        self.memory_requested.emit()

    def post(self, text: str, details: str = "") -> None:
        """Show a sentence in the message area, with details that can be copied."""
        self.message_posted.emit(text, details)


class StateValues(StateSignals):
    """Base of `ExplorerState` with the values derived from its fields."""

    exploration: Exploration
    results: Results
    range: tuple[int, int] | None
    model: ModelInfo | None

    @property
    def frame_count(self) -> int:
        """The number of frames of the first lane, or of the walk before the first job."""
        lanes = self.results.lanes
        return len(lanes[0].tiers) if lanes else self.exploration.walk.frames

    @property
    def recommended(self) -> Sampling:
        """The sampling that the model recommends. Before it is known: the starter model's, or the
        present one for another model."""
        exploration = self.exploration
        if self.model is not None and self.model.location == exploration.model:
            return self.model.default_sampling
        fresh = Exploration()
        return fresh.sampling if exploration.model == fresh.model else exploration.sampling

    @property
    def own_lane(self) -> int | None:
        """The number of the newest job's lane that is the edited walk by its own method."""
        own = content_of(self.exploration.walk)
        lanes = self.results.lanes
        return next((k for k, lane in enumerate(lanes) if lane.lane.walk == own), None)

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
