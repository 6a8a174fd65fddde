"""The explorer's state: what the person wants, and what the engine has answered.

Verbs go in, past-tense signals come out, and `apply` folds the engine's events in. Views read the
state and hold no truth of their own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from PySide6.QtCore import QObject

from engine import messages as m
from engine.metrics.contract import measures
from engine.view import View
from engine.walk import Exploration, Sampling, content_of
from gui.state.history import History
from gui.state.known_lanes import KnownLanes
from gui.state.results import FrameReader, Results
from gui.state.state_signals import StateSignals


class ExplorerState(StateSignals):
    """Owns the exploration, its undo history, the playhead, and the newest job's results.

    Edits of the exploration are undone and redone; its view is saved with it, and is not.
    """

    def __init__(
        self, frames: FrameReader, exploration: Exploration, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._frames = frames
        self.exploration = exploration
        self.history = History(exploration, self)
        self.history.travelled.connect(self._travel)
        self.playhead = 0
        self.range: tuple[int, int] | None = None
        self.results = Results(frames)
        self._known = KnownLanes()
        self.progress: m.Progress | None = None
        self.loading: m.ModelLoading | None = None
        self.busy = False
        self.model: m.ModelInfo | None = None
        self.probe: m.ProbeReady | None = None
        # Points of the plane are asked for under serials; answers up to `_too_late` are not wanted.
        self._serial = self._too_late = 0
        self.auto = True

    # ── intent ───────────────────────────────────────────────────────────────────────────────

    def edit(self, exploration: Exploration, label: str, merge: str = "") -> None:
        """Change the exploration, undoably. Consecutive edits of one `merge` key become one."""
        if exploration != self.exploration:
            self.history.record(exploration, label, merge)
        self.replace_exploration(exploration)

    def edit_walk(self, label: str, merge: str = "", **changes: object) -> None:
        """Change fields of the edited walk, undoably."""
        walk = replace(self.exploration.walk, **changes)  # type: ignore[arg-type]
        self.edit(replace(self.exploration, walk=walk), label, merge)

    def edit_sampling(self, label: str, merge: str = "", **changes: object) -> None:
        """Change fields of the sampling settings, undoably."""
        sampling = replace(self.exploration.sampling, **changes)  # type: ignore[arg-type]
        self.edit(replace(self.exploration, sampling=sampling), label, merge)

    def open_exploration(self, exploration: Exploration) -> None:
        """Start afresh from another exploration, a session, say, without history or range."""
        self.history.clear(exploration)
        self.set_range(None)
        self.replace_exploration(exploration)

    def set_view(self, **changes: object) -> None:
        """Look at the exploration in another way; no edit, and never undone."""
        view = replace(self.exploration.view, **changes)  # type: ignore[arg-type]
        self.replace_exploration(replace(self.exploration, view=view))

    def replace_exploration(self, exploration: Exploration) -> None:
        """Put another exploration in the place of this one, past the history."""
        before, self.exploration = self.exploration, exploration
        if exploration != before:
            self.exploration_changed.emit()
        if (exploration.view, exploration.mode) != (before.view, before.mode):
            self.view_changed.emit()
        if _plane_key(before) != _plane_key(exploration):
            self._leave_probe()

    def _travel(self, exploration: Exploration) -> None:
        """Undo or redo; the view stays as it is."""
        self.replace_exploration(replace(exploration, view=self.exploration.view))

    def generate(self) -> None:
        """Render the walk as it is now."""
        self.generate_requested.emit()

    def cancel(self) -> None:
        """Stop at once; finished frames stay."""
        self.cancel_requested.emit()
        self._too_late = self._serial
        self.probe_changed.emit()  # nobody need wait for a point that was asked for

    def finish(self) -> None:
        """Stop as soon as one more frame is finished."""
        self.finish_requested.emit()

    def pause(self) -> None:
        """Stop the work and give the device's memory back."""
        self.pause_requested.emit()

    def set_auto(self, auto: bool) -> None:
        """Whether each edit is rendered by itself, or waits for `generate`."""
        if auto != self.auto:
            self.auto = auto
            self.auto_changed.emit(auto)

    def show_measures(self, names: tuple[str, ...]) -> None:
        """Show these measures, by name, undoably, and have them computed if need be."""
        self.edit(replace(self.exploration, measures=names), "Measures")

    def post(self, text: str, details: str = "") -> None:
        """Show one sentence in the message area, with details to copy."""
        self.message_posted.emit(text, details)

    def seek(self, index: int) -> None:
        """Move the playhead; the picture of a probed point gives way to the walk's."""
        index = min(max(index, 0), max(self.frame_count - 1, 0))
        self._leave_probe()
        if index != self.playhead:
            self.playhead = index
            self.playhead_changed.emit(index)

    def ask_probe(self, x: float, y: float) -> None:
        """Ask for the picture at a point of the plane, in units of std."""
        self._serial += 1
        self.probe_requested.emit(self._serial, x, y)

    def drop_probe(self) -> None:
        """The point of the plane that is shown, or was asked for, is wanted no more."""
        self.probe, self._too_late = None, self._serial
        self.probe_changed.emit()

    def _leave_probe(self) -> None:
        if self.probe is not None or self._too_late < self._serial:
            self.drop_probe()

    def set_range(self, span: tuple[int, int] | None) -> None:
        """Limit playback and export to frames first…last, or (None) lift the limit."""
        if span is not None:
            last = max(self.frame_count - 1, 0)
            first, end = sorted(min(max(v, 0), last) for v in span)
            span = None if (first, end) == (0, last) else (first, end)
        if span != self.range:
            self.range = span
            self.range_changed.emit()

    def _keep_range(self) -> None:
        """The range stays as far as there are frames; one that lies beyond them all is lifted."""
        beyond = self.range is not None and self.range[0] >= self.frame_count
        self.set_range(None if beyond else self.range)

    # ── questions ────────────────────────────────────────────────────────────────────────────

    @property
    def frame_count(self) -> int:
        """Frames on the timeline: those of the first lane, or of the walk before any job."""
        lanes = self.results.lanes
        return len(lanes[0].tiers) if lanes else self.exploration.walk.frames

    @property
    def recommended(self) -> Sampling:
        """The sampling that the model itself recommends, or the starter model's before one is
        known."""
        return self.model.default_sampling if self.model else Exploration().sampling

    @property
    def span(self) -> tuple[int, int]:
        """First and last frame that playback and export use."""
        return self.range or (0, max(self.frame_count - 1, 0))

    @property
    def view(self) -> View:
        """How the exploration is looked at."""
        return self.exploration.view

    @property
    def lane(self) -> int:
        """The lane in focus, among those of the newest job."""
        return min(self.view.lane, max(len(self.results.lanes) - 1, 0))

    @property
    def wanted_measures(self) -> tuple[str, ...]:
        """Those of the shown measures that have to be computed for each frame."""
        known = set(measures.names())
        return tuple(
            name
            for name in self.exploration.measures
            if name in known and not getattr(measures.get(name), "stat", "")
        )

    # ── answers ──────────────────────────────────────────────────────────────────────────────

    def begin_job(self, request: m.RenderRequest) -> None:
        """A request was submitted: its events count from now on, older ones no longer. What is
        known of its lanes stays."""
        self.results = Results(self._frames, request, self._known.begin(self.results, request))
        self.progress = None
        self._set_busy(True)
        self.results_reset.emit()
        self._keep_range()
        if self.playhead >= self.frame_count:
            self.seek(self.frame_count - 1)

    def apply(self, event: m.Event) -> None:
        """Fold one event of the engine in. Events of a job that was superseded are dropped."""
        if isinstance(event, m.ProbeReady | m.ProbeFailed):
            self._apply_probe(event)
        elif event.job == self.results.job:
            self._apply_job(event)

    def _apply_probe(self, event: m.ProbeReady | m.ProbeFailed) -> None:
        if event.serial <= self._too_late:
            return
        if isinstance(event, m.ProbeFailed):
            self.message_posted.emit(event.message, "")
            self.probe_changed.emit()  # nobody need wait for it
            return
        self.probe = event
        self.probe_changed.emit()

    def _apply_job(self, event: m.JobEvent) -> None:
        match event:
            case m.ModelLoading():
                self.loading = event
                self.progress_changed.emit()
            case m.ModelReady():
                self.model, self.loading = event.info, None
                self.model_changed.emit()
            case m.JobStarted():
                self.progress_changed.emit()
            case m.PromptCut():
                pass  # the prompt's own field counts its tokens and marks what is not read
            case m.PathReady():
                self.results.lanes[event.lane].path = event
                self.path_changed.emit(event.lane)
            case m.FrameReady():
                self._fold_frame(event)
            case m.FrameFailed():
                self.results.lanes[event.lane].fail(event)
                self.frame_changed.emit(event.lane, event.index)
                self.message_posted.emit(event.message, "")
            case m.MeasureReady():
                self.results.take_measure(event)
                self.measures_changed.emit(event.name)
            case m.MeasureFailed():
                self.results.unmeasured[event.name] = event.message
                self.measures_changed.emit(event.name)
                if event.missing:
                    self.model_missing.emit(event.missing)
            case m.Progress():
                self.progress = event
                self.progress_changed.emit()
            case m.JobFinished() | m.JobCancelled():
                self._end_job()
            case m.JobFailed():
                self._fail_job(event)
            case _:
                assert_never(event)

    def _fail_job(self, event: m.JobFailed) -> None:
        self._end_job()
        if event.missing:
            self.model_missing.emit(event.missing)
        else:
            self.message_posted.emit(event.message, event.details)

    def _fold_frame(self, event: m.FrameReady) -> None:
        if self.results.lanes[event.lane].fold(event):
            if event.tier == m.Tier.FINAL:
                for note in self.results.new_notes(event.notes):
                    self.message_posted.emit(note, "")
            self.frame_changed.emit(event.lane, event.index)

    def _end_job(self) -> None:
        self.loading = None
        self._set_busy(False)
        self.progress_changed.emit()

    def _set_busy(self, busy: bool) -> None:
        if busy != self.busy:
            self.busy = busy
            self.busy_changed.emit(busy)


def _plane_key(exploration: Exploration) -> tuple[object, ...]:
    """What makes the picture at a point of the plane; the playback rate, say, does not."""
    return exploration.model, content_of(exploration.walk), exploration.sampling
