"""The queues between the window's thread and the engine's: requests in, events out."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from engine.errors import Cancelled
from engine.messages import (
    DeviceMemory,
    Event,
    FrameReady,
    MemoryRequest,
    ModelLoading,
    ProbeReady,
    ProbeRequest,
    Progress,
    RenderRequest,
    Tier,
)

#: Most finished frames and drafts in the outbox. When it is full, the engine waits for the window.
OUTBOX_FRAMES = 64


class JobControl:
    """The controls of one job: its cancel flag, and the frame at the playhead.

    Each job has a new one. The engine reads it at every step. Thread-safe.
    """

    def __init__(self, focus: int = 0) -> None:
        self._cancelled = threading.Event()
        self.focus = focus

    def cancel(self) -> None:
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise Cancelled if the job was cancelled."""
        if self._cancelled.is_set():
            raise Cancelled


class RequestSlot:
    """Holds the newest render request, the newest points of the plane, a question about memory and
    a command. Thread-safe.

    `take` blocks the engine's thread; every other call returns at once. A new render request
    replaces a waiting one and cancels the running job.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._render: RenderRequest | None = None
        self._draft: ProbeRequest | None = None
        self._probe: ProbeRequest | None = None
        self._memory: MemoryRequest | None = None
        self._unload = False
        self._closed = False
        self._control = JobControl()
        self._focus = 0

    def submit(self, request: RenderRequest) -> None:
        with self._changed:
            self._render = request
            self._unload = False  # the new job needs the memory
            self._control.cancel()
            self._changed.notify()

    def probe(self, request: ProbeRequest) -> None:
        """Replace the waiting point. A draft still comes before the finished picture that is
        requested after it."""
        with self._changed:
            if request.draft_steps:
                self._draft, self._probe = request, None
            else:
                self._probe = request
            self._changed.notify()

    def ask_memory(self, request: MemoryRequest) -> None:
        """Replace the waiting question. It is answered before other work, and during a job."""
        with self._changed:
            self._memory = request
            self._changed.notify()

    def take_memory(self) -> MemoryRequest | None:
        """Remove and return the waiting question, or None."""
        with self._changed:
            request, self._memory = self._memory, None
            return request

    def focus(self, index: int) -> None:
        with self._changed:
            self._focus = self._control.focus = index

    def cancel(self) -> RenderRequest | None:
        """Cancel the running job. Removes and returns a request that has not started, or None."""
        with self._changed:
            dropped, self._render = self._render, None
            self._draft = self._probe = None
            self._control.cancel()
            self._changed.notify()
            return dropped

    def unload(self) -> None:
        """Request that the model is unloaded after the running job."""
        with self._changed:
            self._unload = True
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._control.cancel()
            self._changed.notify()

    def take_probe(
        self, matches: Callable[[ProbeRequest], bool], wait: float = 0.0
    ) -> ProbeRequest | None:
        """Remove and return the waiting probe request if it `matches`, or None. Without one, wait
        up to `wait` seconds for it, unless the job is cancelled."""
        with self._changed:
            if wait:
                self._changed.wait_for(self._is_interrupted, wait)
            if self._draft is not None and matches(self._draft):
                return self._take_point()
            if self._draft is not None or self._probe is None or not matches(self._probe):
                return None
            return self._take_point()

    def _take_point(self) -> ProbeRequest | None:
        """Remove and return the waiting draft, or else the waiting point."""
        draft, self._draft = self._draft, None
        if draft is not None:
            return draft
        point, self._probe = self._probe, None
        return point

    def take(
        self,
    ) -> tuple[RenderRequest | ProbeRequest | MemoryRequest | None, JobControl] | None:
        """Wait for a request. Returns (None, control) to unload, and None when the slot is
        closed."""
        with self._changed:
            self._changed.wait_for(self._has_work)
            if self._closed:
                return None
            self._control = JobControl(self._focus)
            work: RenderRequest | ProbeRequest | MemoryRequest | None
            if self._memory is not None:
                work, self._memory = self._memory, None
            elif self._render is not None:
                work, self._render = self._render, None
            elif self._unload:
                work, self._unload = None, False
            else:
                work = self._take_point()
            return work, self._control

    def _is_interrupted(self) -> bool:
        return self._waits_for_point or self._control.cancelled

    @property
    def _waits_for_point(self) -> bool:
        return self._draft is not None or self._probe is not None

    def _has_work(self) -> bool:
        asked = self._render is not None or self._memory is not None
        return self._closed or self._unload or asked or self._waits_for_point


class Outbox:
    """An ordered, bounded queue of events for the window. Thread-safe.

    A newer preview or draft of a frame replaces an older one. Newer progress and newer points of
    the plane replace older ones, too. Finished frames and terminal events are never dropped. `wake`
    is called when an event arrives in an empty outbox.
    """

    def __init__(self, wake: Callable[[], None], limit: int = OUTBOX_FRAMES) -> None:
        self._wake = wake
        self._limit = limit
        self._changed = threading.Condition()
        self._events: deque[Event | None] = deque()
        self._latest: dict[object, int] = {}
        self._base = 0
        self._pictures = 0
        self._closed = False

    def post(self, event: Event, control: JobControl | None = None) -> None:
        """Add an event. Wait while the outbox is full, unless the job is cancelled."""
        counts = isinstance(event, FrameReady) and event.tier >= Tier.DRAFT
        with self._changed:
            while counts and self._pictures >= self._limit and not self._closed:
                if control is not None and control.cancelled:
                    break
                self._changed.wait(0.05)
            was_empty = not self._events
            self._append(event)
            self._pictures += counts
        if was_empty:
            self._wake()

    def drain(self) -> list[Event]:
        """Return all events since the last call."""
        with self._changed:
            events = [event for event in self._events if event is not None]
            self._base += len(self._events)
            self._events.clear()
            self._latest.clear()
            self._pictures = 0
            self._changed.notify_all()
        return events

    def close(self) -> None:
        """Stop waiting in `post`, because the window no longer drains the outbox."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _append(self, event: Event) -> None:
        key = _coalescing_key(event)
        if key is not None:
            older = self._latest.get(key)
            if older is not None:
                self._events[older - self._base] = None
            self._latest[key] = self._base + len(self._events)
        self._events.append(event)


def _coalescing_key(event: Event) -> object:
    """Returns the key under which a newer event replaces an older one; None for no replacement."""
    match event:
        case FrameReady(tier=tier) if tier < Tier.FINAL:
            return (tier, event.job, event.lane, event.index)
        case Progress() | ModelLoading():
            return (type(event), event.job)
        case ProbeReady():
            return "probe"
        case DeviceMemory():
            return "memory"
        case _:
            return None
