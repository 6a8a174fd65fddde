"""The engine's thread: takes the newest request, runs it, and posts its events.

This is the only file of the engine that uses Qt. An exception that nothing else handles becomes the
job's last event here.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QThread, Signal

from engine import messages as m
from engine.errors import InputError, is_device_lost
from engine.mailbox import JobControl, Outbox, RequestSlot
from engine.render.batch_memory import BatchMemory
from engine.render.cpu_sharing import give_way
from engine.store.frame_store import FrameStore

if TYPE_CHECKING:
    from engine.render.renderer import Renderer


class EngineThread(QThread):
    """Owns the renderer, which is created and used on this thread only.

    Public methods are called on the window's thread. All of them except `stop` return at once.

    Signals: wake, without arguments, when there are events to `drain`.
    """

    wake = Signal()

    def __init__(self, store: FrameStore, batches: BatchMemory | None = None) -> None:
        super().__init__()
        self._store, self._batches = store, batches
        self._slot = RequestSlot()
        self._outbox = Outbox(self.wake.emit)

    def submit(self, request: m.RenderRequest) -> None:
        """Render this request and cancel the running job."""
        self._slot.submit(request)

    def probe(self, request: m.ProbeRequest) -> None:
        """Render a point of the plane during the running job. Replaces a waiting request."""
        self._slot.probe(request)

    def ask_memory(self, request: m.MemoryRequest) -> None:
        """Post the free memory of a device. Replaces a waiting question."""
        self._slot.ask_memory(request)

    def focus(self, index: int) -> None:
        """Render the remaining frames near this frame first."""
        self._slot.focus(index)

    def cancel(self) -> None:
        """Stop the running job at its next step."""
        dropped = self._slot.cancel()
        if dropped is not None:
            self._outbox.post(m.JobCancelled(dropped.job))

    def pause(self) -> None:
        """Cancel the job and free the device's memory. Finished frames are kept."""
        self.cancel()
        self._slot.unload()

    def drain(self) -> list[m.Event]:
        """Return all events since the last call."""
        return self._outbox.drain()

    def stop(self, timeout_ms: int = 4000) -> bool:
        """End the thread and wait for it. Returns False after the timeout."""
        self._slot.close()
        self._outbox.close()
        return self.wait(timeout_ms)

    def run(self) -> None:
        give_way()
        try:
            # Large libraries are imported here, on this thread, after the window's first paint.
            from engine.render.renderer import Renderer

            renderer = Renderer(self._store, self._outbox.post, self._batches)
        except Exception as error:  # noqa: BLE001 — for example, torch cannot be loaded
            self._refuse(error)
            return
        while (work := self._slot.take()) is not None:
            request, control = work
            points = self._slot.take_probe
            match request:
                case m.RenderRequest():
                    self._play(request, renderer.run(request, control, points), control, renderer)
                case m.ProbeRequest():
                    self._play(request, renderer.probe(request, control, points), control, renderer)
                case m.MemoryRequest():
                    self._tell_memory(renderer, request)
                case None:
                    renderer.unload()
        renderer.unload()

    def _tell_memory(self, renderer: Renderer, request: m.MemoryRequest | None) -> None:
        """Answer a question, if there is one. A device that is not there has no answer."""
        with suppress(InputError, RuntimeError):
            if request is not None:
                self._outbox.post(renderer.memory(request))

    def _refuse(self, error: Exception) -> None:
        """Answer every request with the reason why there is no renderer."""
        while (work := self._slot.take()) is not None:
            if isinstance(work[0], m.RenderRequest | m.ProbeRequest):
                self._outbox.post(_failure(work[0], error))

    def _play(
        self,
        request: m.RenderRequest | m.ProbeRequest,
        events: Iterator[m.Event],
        control: JobControl,
        renderer: Renderer,
    ) -> None:
        """Post all events of a job, and answers between them. An unexpected exception becomes its
        terminal event."""
        try:
            for event in events:
                self._outbox.post(event, control)
                self._tell_memory(renderer, self._slot.take_memory())
        except Exception as error:  # noqa: BLE001 — no exception may end the thread
            self._outbox.post(_failure(request, error))


def _failure(request: m.RenderRequest | m.ProbeRequest, error: Exception) -> m.Event:
    happened = "The engine has hit an unexpected error"
    if is_device_lost(error):
        happened = (
            "The graphics device has stopped working; start the program again, or use the CPU"
        )
    sentence = f"{happened} ({type(error).__name__}: {error})"
    if isinstance(request, m.ProbeRequest):
        return m.ProbeFailed(request.serial, f"{sentence}.")
    details = "".join(traceback.format_exception(error))
    return m.JobFailed(request.job, f"{sentence}; the details can be copied.", details)
