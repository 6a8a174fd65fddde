"""Connects the state with the engine: requests go out, events come back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer, SignalInstance

from engine import messages as m
from engine.requests import ANY_MACHINE, Machine, build_request
from engine.walk import Exploration, Keyframe, Lane, content_of
from gui.cell_jobs import CellJobs
from gui.state.explorer_state import ExplorerState
from gui.state.missing_frames import MissingFrames
from gui.state.state_signals import CellRequest
from gui.state.watchdog import Watchdog

TYPING_MS = 700
SHORTEST_MS = 40
LONGEST_MS = 500
STOP_MS = 4000
#: Most steps of a draft of a point of the plane, while the mouse moves.
LIVE_STEPS = 8


class Engine(Protocol):
    """The interface of the engine. All calls except `stop` return at once.

    The signal `wake` has no arguments. It is emitted when there are events to `drain`.
    """

    wake: SignalInstance

    def start(self) -> None: ...
    def drain(self) -> list[m.Event]: ...
    def submit(self, request: m.RenderRequest) -> None: ...
    def probe(self, request: m.ProbeRequest) -> None: ...
    def focus(self, index: int) -> None: ...
    def ask_memory(self, request: m.MemoryRequest) -> None: ...
    def cancel(self) -> None: ...
    def pause(self) -> None: ...
    def stop(self, timeout_ms: int) -> bool: ...


def is_typing(old: Exploration, new: Exploration) -> bool:
    """True if only texts differ: the person is probably still typing."""
    return old != new and _without_texts(old) == _without_texts(new)


class Session(QObject):
    """Makes requests from the state, and applies the engine's events to the state.

    Owns the engine from `start` to `shutdown`. `machine` is the device and precision of requests.
    `start` submits the present exploration, so that edits before it are rendered, too.
    """

    def __init__(
        self,
        state: ExplorerState,
        make_engine: Callable[[], Engine],
        machine: Machine = ANY_MACHINE,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._make_engine = state, make_engine
        self.machine = machine
        self._engine: Engine | None = None
        self._exploration = state.exploration
        self._submitted_at = self._first_frame_s = 0.0
        self._finishing = False
        self._point: m.ProbeRequest | None = None
        number = partial(next, count(m.NO_JOB - 1, -1))
        self.missing_frames = MissingFrames(state, number, self)
        self.missing_frames.submit_requested.connect(self._submit_missing)
        self.missing_frames.cancel_requested.connect(self._stop_missing)
        self._cells = CellJobs(state, self.missing_frames, number, self)
        self._cells.submit_requested.connect(self._submit_cells)
        self._cells.cancel_requested.connect(self._stop_missing)
        self.watchdog = Watchdog(state, parent=self)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._submit)
        self._connect(state)

    def _connect(self, state: ExplorerState) -> None:
        state.exploration_changed.connect(self._exploration_changed)
        state.view_changed.connect(self._view_changed)
        state.opened.connect(self._schedule_soon)
        state.auto_changed.connect(self._schedule_soon)
        state.generate_requested.connect(self._generate)
        state.cancel_requested.connect(self._cancel)
        state.finish_requested.connect(self._finish)
        state.pause_requested.connect(self._pause)
        state.memory_requested.connect(self._ask_memory)
        state.playhead_changed.connect(self._focus)
        state.probe_requested.connect(self._probe)

    def start(self) -> None:
        """Start the engine and render the walk."""
        if self._engine is not None:
            return
        self._engine = self._make_engine()
        self._engine.wake.connect(self._drain, Qt.ConnectionType.QueuedConnection)
        self._engine.start()
        self._generate()

    def shutdown(self) -> bool:
        """Cancel the job and wait for the engine's thread. Returns False after STOP_MS."""
        self._timer.stop()
        engine, self._engine = self._engine, None
        return engine is None or engine.stop(STOP_MS)

    def use_machine(self, machine: Machine) -> None:
        """Use this device and precision from the next job on."""
        self.machine = machine
        self._schedule_soon()

    # ── requests ─────────────────────────────────────────────────────────────────────────────

    def _exploration_changed(self) -> None:
        old, self._exploration = self._exploration, self._state.exploration
        typing = is_typing(old, self._exploration)
        self._schedule(TYPING_MS if typing else self._edit_delay())

    def _view_changed(self) -> None:
        """Render other lanes that are now visible, unless a request is already scheduled."""
        if self._state.auto and self._engine is not None and not self._timer.isActive():
            self._submit()

    def _schedule_soon(self) -> None:
        self._schedule(SHORTEST_MS)

    def _schedule(self, delay: int) -> None:
        """Render after `delay` ms, unless automatic rendering is off or the newest job fits."""
        if not self._state.auto or self._engine is None:
            return
        if self._is_submitted(self._request()):
            self._timer.stop()
        else:
            self._timer.start(delay)

    def _request(self) -> m.RenderRequest:
        """Returns the request for the present state."""
        state = self._state
        return build_request(
            state.exploration, state.results.job + 1, state.wanted_measures, self.machine
        )

    def _is_submitted(self, request: m.RenderRequest) -> bool:
        """True if the newest job has the same request, even if it was cancelled."""
        newest = self._state.results.request
        return newest is not None and replace(request, job=newest.job) == newest

    def _edit_delay(self) -> int:
        """The delay in ms after an edit. While edits follow one another, it depends on how long
        a first picture takes."""
        if not self._timer.isActive():
            return SHORTEST_MS
        return int(min(max(250 * self._first_frame_s, SHORTEST_MS), LONGEST_MS))

    def _generate(self) -> None:
        """Render the walk, even if the newest job has the same request."""
        self._timer.stop()
        if self._engine is None:
            return
        request = self._request()
        self._submitted_at, self._finishing = time.monotonic(), False
        self._state.begin_job(request)
        self._start_job(request)
        self._engine.focus(self._state.playhead)

    def _submit(self) -> None:
        self._timer.stop()
        if not self._is_submitted(self._request()):
            self._generate()

    def _submit_missing(self, exploration: Exploration, indices: tuple[int, ...], job: int) -> None:
        request = build_request(exploration, job, machine=replace(self.machine, draft_steps=0))
        self._start_job(replace(request, indices=indices, in_order=True, previews=False))

    def _submit_cells(self, cells: CellRequest, indices: tuple[int, ...], job: int) -> None:
        machine = replace(self.machine, draft_steps=0)
        request = build_request(self._state.exploration, job, cells.measures, machine)
        self._start_job(
            replace(
                request,
                lanes=(Lane("", cells.walk),),
                scoring_text=cells.scoring_text,
                indices=indices,
                in_order=True,
                previews=False,
                geometry=False,
            )
        )

    def _start_job(self, request: m.RenderRequest) -> None:
        if self._engine is not None:
            self._engine.submit(request)
            self._ask_again()

    def _ask_again(self) -> None:
        """Request the awaited point again, which the engine gives up with the job that it stops."""
        if self._engine is not None and self._point is not None and self._state.awaits_point:
            self._engine.probe(self._point)

    def _stop_missing(self) -> None:
        if self._engine is not None:
            self._engine.cancel()
            self._ask_again()

    def _cancel(self) -> None:
        self._timer.stop()
        if self._engine is not None:
            self._engine.cancel()

    def _finish(self) -> None:
        self._timer.stop()
        self._finishing = self._state.busy

    def _pause(self) -> None:
        self._timer.stop()
        if self._engine is not None:
            self._engine.pause()

    def _ask_memory(self) -> None:
        if self._engine is not None:
            machine = self.machine
            self._engine.ask_memory(m.MemoryRequest(machine.device, machine.precision))

    def _focus(self, index: int) -> None:
        if self._engine is not None:
            self._engine.focus(index)

    def _probe(self, serial: int, x: float, y: float, point: Keyframe | None, draft: bool) -> None:
        if self._engine is None:
            return
        walk = content_of(self._state.exploration.walk)
        self._point = m.ProbeRequest(
            serial=serial,
            model=self._state.exploration.model,
            walk=walk,
            sampling=self._state.exploration.sampling,
            x=x,
            y=y,
            time=walk.time_of(self._state.playhead),
            device=self.machine.device,
            precision=self.machine.precision,
            weight_bits=self.machine.weight_bits,
            point=point,
            draft_steps=LIVE_STEPS if draft else 0,
        )
        self._engine.probe(self._point)

    # ── events ───────────────────────────────────────────────────────────────────────────────

    def _drain(self) -> None:
        if self._engine is None:
            return
        for event in self._engine.drain():
            if isinstance(event, m.JobEvent) and event.job < m.NO_JOB:
                self.missing_frames.apply(event)
                self._cells.apply(event)
                continue
            if isinstance(event, m.FrameReady) and event.job == self._state.results.job:
                self._time_first_frame()
            self._state.apply(event)
            if self._finishing and _is_final(event):
                self._finishing = False
                self._cancel()
                self._ask_again()

    def _time_first_frame(self) -> None:
        """Store the time from the request to the first picture."""
        if self._submitted_at:
            self._first_frame_s = time.monotonic() - self._submitted_at
            self._submitted_at = 0.0


def _is_final(event: m.Event) -> bool:
    """True for a frame that was finished now and does not come from the store."""
    return isinstance(event, m.FrameReady) and event.tier is m.Tier.FINAL and not event.cached


def _without_texts(exploration: Exploration) -> Exploration:
    keyframes = tuple(replace(k, prompt="") for k in exploration.walk.keyframes)
    prompts = tuple(replace(key, text="") for key in exploration.walk.prompts)
    walk = replace(exploration.walk, keyframes=keyframes, prompts=prompts, negative="")
    return replace(exploration, walk=walk, scoring_text="")
