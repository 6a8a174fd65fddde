"""The explorer's state: the exploration that is edited, and the results of the engine.

Views call its methods, and it emits signals about changes. `apply` takes the engine's events. Views
read the state and hold no data of their own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from PySide6.QtCore import QObject

from engine import messages as m
from engine.walk import Exploration, Keyframe, content_of
from gui.state.history import History
from gui.state.known_lanes import KnownLanes
from gui.state.results import FrameReader, Results, is_worse_point
from gui.state.state_signals import StateValues


class ExplorerState(StateValues):
    """Owns the exploration, its undo history, the playhead, and the newest job's results.

    Edits of the exploration can be undone. Its view is saved with it, but changes of the view
    cannot be undone.
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
        self.busy = self.cells_busy = False
        self.model: m.ModelInfo | None = None
        self._location = ""  # the model's name in requests
        self.probe: m.ProbeReady | None = None
        # Requests for points are numbered; answers up to `_dropped_serial` are ignored.
        self._serial = self._dropped_serial = 0
        self.auto = True

    # ── edits ────────────────────────────────────────────────────────────────────────────────

    def edit(self, exploration: Exploration, label: str, merge: str = "") -> None:
        """Change the exploration, as an undo step `label`. Consecutive edits with the same `merge`
        key become one step."""
        if exploration != self.exploration:
            self.history.record(exploration, label, merge)
        self.replace_exploration(exploration)

    def edit_walk(self, label: str, merge: str = "", **changes: object) -> None:
        """Change fields of the walk, as an undo step."""
        walk = replace(self.exploration.walk, **changes)  # type: ignore[arg-type]
        self.edit(replace(self.exploration, walk=walk), label, merge)

    def edit_sampling(self, label: str, merge: str = "", **changes: object) -> None:
        """Change fields of the sampling settings, as an undo step."""
        sampling = replace(self.exploration.sampling, **changes)  # type: ignore[arg-type]
        self.edit(replace(self.exploration, sampling=sampling), label, merge)

    def open_exploration(self, exploration: Exploration) -> None:
        """Replace the document by another exploration, for example that of a session. Clear the
        history, the range, the point of the plane and the results; cancel the running job."""
        if self.busy:
            self.cancel()
        self.history.clear(exploration)
        self.set_range(None)
        self.leave_point()
        self._empty_results()
        self.replace_exploration(exploration)
        self.opened.emit()

    def _empty_results(self) -> None:
        """Clear the results. The new job number makes late events of the old job invalid."""
        self._known.keep(self.results)
        request = self.results.request
        if request is not None:
            request = replace(request, job=request.job + 1, lanes=())
        self.results, self.progress = Results(self._frames, request), None
        self._end_job()
        self.results_reset.emit()
        self.seek(0)

    def set_view(self, **changes: object) -> None:
        """Change fields of the view. This is not an edit and cannot be undone."""
        view = replace(self.exploration.view, **changes)  # type: ignore[arg-type]
        self.replace_exploration(replace(self.exploration, view=view))

    def replace_exploration(self, exploration: Exploration) -> None:
        """Replace the exploration without an undo step."""
        before, self.exploration = self.exploration, exploration
        if exploration != before:
            self.exploration_changed.emit()
        if (exploration.view, exploration.mode) != (before.view, before.mode):
            self.view_changed.emit()
        if _plane_key(before) != _plane_key(exploration):
            self.leave_point()

    def _travel(self, exploration: Exploration) -> None:
        """Take over an exploration from the history, with the present view."""
        self.replace_exploration(replace(exploration, view=self.exploration.view))

    def cancel(self) -> None:
        """Stop at once; finished frames stay."""
        self.cancel_requested.emit()
        self._stop_awaiting()

    def pause(self) -> None:
        """Stop rendering and free the device's memory."""
        self.pause_requested.emit()
        self._stop_awaiting()

    def _stop_awaiting(self) -> None:
        self._dropped_serial = self._serial  # the requested point is stopped with all other work
        self.probe_changed.emit()

    def set_auto(self, auto: bool) -> None:
        """Set whether edits are rendered automatically, or only by `generate`."""
        if auto != self.auto:
            self.auto = auto
            self.auto_changed.emit(auto)

    def show_measures(self, names: tuple[str, ...]) -> None:
        """Show these measures, by name, as an undo step. Missing values are computed."""
        self.edit(replace(self.exploration, measures=names), "Measures")

    def seek(self, index: int) -> None:
        """Move the playhead, and show the walk instead of a probed point."""
        index = min(max(index, 0), max(self.frame_count - 1, 0))
        self.leave_point()
        if index != self.playhead:
            self.playhead = index
            self.playhead_changed.emit(index)

    def ask_probe(
        self, x: float, y: float, point: Keyframe | None = None, *, draft: bool = False
    ) -> None:
        """Request the picture of a point of the plane, in units of std: that of the keyframe
        `point`, or (None) of the point (x, y) of the path's plane."""
        self._serial += 1
        self.probe_requested.emit(self._serial, x, y, point, draft)

    def drop_probe(self) -> None:
        """Clear the probed point, and ignore the answer to a pending request."""
        self.probe, self._dropped_serial = None, self._serial
        self.probe_changed.emit()

    @property
    def awaits_point(self) -> bool:
        """True while the finished picture of the newest requested point is awaited."""
        shown = self.probe.serial if self.probe and self.probe.tier == m.Tier.FINAL else 0
        return max(shown, self._dropped_serial) < self._serial

    def leave_point(self) -> bool:
        """Leave the point of the plane that is shown or awaited. Returns True if there was one."""
        there = self.probe is not None or self._dropped_serial < self._serial
        if there:
            self.drop_probe()
        return there

    def set_range(self, span: tuple[int, int] | None) -> None:
        """Limit playback and export to the frames (first, last). None removes the limit."""
        if span is not None:
            last = max(self.frame_count - 1, 0)
            first, end = sorted(min(max(v, 0), last) for v in span)
            span = None if (first, end) == (0, last) else (first, end)
        if span != self.range:
            self.range = span
            self.range_changed.emit()

    def _keep_range(self) -> None:
        """Limit the range to the present frames; remove it if it is beyond the last one."""
        beyond = self.range is not None and self.range[0] >= self.frame_count
        self.set_range(None if beyond else self.range)

    # ── events ───────────────────────────────────────────────────────────────────────────────

    def begin_job(self, request: m.RenderRequest) -> None:
        """Start to accept the events of a submitted request, and ignore those of older ones. Known
        results of its lanes are kept."""
        self.results = Results(self._frames, request, self._known.begin(self.results, request))
        self.progress = None
        self._set_busy(True)
        self.results_reset.emit()
        self._keep_range()
        if self.playhead >= self.frame_count:
            self.seek(self.frame_count - 1)

    def apply(self, event: m.Event) -> None:
        """Apply an event of the engine. Ignore events of jobs that were replaced."""
        if isinstance(event, m.ProbeReady | m.ProbeFailed):
            self._apply_probe(event)
        elif isinstance(event, m.DeviceMemory):
            self.memory_told.emit(event)
        elif event.job == self.results.job:
            self._apply_job(event)

    def _apply_probe(self, event: m.ProbeReady | m.ProbeFailed) -> None:
        if event.serial <= self._dropped_serial:
            return
        if isinstance(event, m.ProbeFailed):
            self._dropped_serial = event.serial
            self.message_posted.emit(event.message, "")
            self.probe_changed.emit()  # so that views stop waiting
            return
        if self.probe is not None and is_worse_point(event, self.probe):
            return
        self.probe = event
        self.probe_changed.emit()

    def _apply_job(self, event: m.JobEvent) -> None:
        match event:
            case m.ModelLoading():
                self.loading = event
                self.progress_changed.emit()
            case m.ModelReady():
                self.loading = None
                self._set_model(event.info)
            case m.JobStarted():
                self.progress_changed.emit()
            case m.PromptCut():
                pass  # the prompt field shows the cut itself
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

    def _set_model(self, model: m.ModelInfo | None) -> None:
        self.model, request = model, self.results.request
        self._location = request.model if request is not None else ""
        self.model_changed.emit()

    def _fail_job(self, event: m.JobFailed) -> None:
        if self.results.request is not None and self.results.request.model != self._location:
            self._set_model(None)  # the loaded model is not that of the walk
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

    def set_cells_busy(self, busy: bool) -> None:
        """Set whether pictures of cells are requested and not there yet."""
        if busy != self.cells_busy:
            self.cells_busy = busy
            self.cells_busy_changed.emit()

    def _set_busy(self, busy: bool) -> None:
        if busy != self.busy:
            self.busy = busy
            self.busy_changed.emit(busy)


def _plane_key(exploration: Exploration) -> tuple[object, ...]:
    """Returns everything that determines the picture of a point of the plane."""
    walk, through = content_of(exploration.walk), exploration.view.through
    return exploration.model, walk, exploration.sampling, through
