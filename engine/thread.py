"""The engine's thread: take the newest request, iterate over its events, post them.

The only file of the engine that knows Qt, and the only place that catches every exception.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from PySide6.QtCore import QThread, Signal

from engine import messages as m
from engine.cpu_sharing import give_way
from engine.errors import is_device_lost
from engine.mailbox import JobControl, Outbox, RequestSlot
from engine.render.batch_memory import BatchMemory
from engine.store.frame_store import FrameStore


class EngineThread(QThread):
    """Owns the renderer, which lives and dies on this thread.

    Signal: wake, without payload — something lies in the outbox; call `drain`. Every public method
    may be called from the window's thread and returns at once, `stop` excepted.
    """

    wake = Signal()

    def __init__(self, store: FrameStore, batches: BatchMemory | None = None) -> None:
        super().__init__()
        self._store, self._batches = store, batches
        self._slot = RequestSlot()
        self._outbox = Outbox(self.wake.emit)

    def submit(self, request: m.RenderRequest) -> None:
        """Render this; whatever is in progress is cancelled."""
        self._slot.submit(request)

    def probe(self, request: m.ProbeRequest) -> None:
        """Render a point of the plane, beside the job in progress; the newest one wins."""
        self._slot.probe(request)

    def focus(self, index: int) -> None:
        """The person looks at this frame: what is left is re-ordered around it."""
        self._slot.focus(index)

    def cancel(self) -> None:
        """Stop the job in progress at its next step."""
        dropped = self._slot.cancel()
        if dropped is not None:
            self._outbox.post(m.JobCancelled(dropped.job))

    def pause(self) -> None:
        """Cancel, and give the device's memory back. Frames done are kept."""
        self.cancel()
        self._slot.unload()

    def drain(self) -> list[m.Event]:
        """All events since the last call."""
        return self._outbox.drain()

    def stop(self, timeout_ms: int = 4000) -> bool:
        """End the thread, and wait for its end; False when it takes longer than the timeout."""
        self._slot.close()
        self._outbox.close()
        return self.wait(timeout_ms)

    def run(self) -> None:
        give_way()
        try:
            # Heavy imports happen here, on this thread, after the window's first paint.
            from engine.render.renderer import Renderer

            renderer = Renderer(self._store, self._outbox.post, self._batches)
        except Exception as error:  # noqa: BLE001 — such as a torch that does not load here
            self._refuse(error)
            return
        while (work := self._slot.take()) is not None:
            request, control = work
            match request:
                case m.RenderRequest():
                    self._play(
                        request, renderer.run(request, control, self._slot.take_probe), control
                    )
                case m.ProbeRequest():
                    self._play(
                        request, renderer.probe(request, control, self._slot.take_probe), control
                    )
                case None:
                    renderer.unload()
        renderer.unload()

    def _refuse(self, error: Exception) -> None:
        """There is no renderer: every request is answered with the reason."""
        while (work := self._slot.take()) is not None:
            if work[0] is not None:
                self._outbox.post(_failure(work[0], error))

    def _play(
        self,
        request: m.RenderRequest | m.ProbeRequest,
        events: Iterator[m.Event],
        control: JobControl,
    ) -> None:
        """Post every event; an unforeseen exception becomes the job's terminal event."""
        try:
            for event in events:
                self._outbox.post(event, control)
        except Exception as error:  # noqa: BLE001 — nothing may end the engine
            self._outbox.post(_failure(request, error))


def _failure(request: m.RenderRequest | m.ProbeRequest, error: Exception) -> m.Event:
    happened = "Something unforeseen happened"
    if is_device_lost(error):
        happened = "The graphics device stopped; start the program again, or use the CPU meanwhile"
    sentence = f"{happened} ({type(error).__name__}: {error})"
    if isinstance(request, m.ProbeRequest):
        return m.ProbeFailed(request.serial, f"{sentence}.")
    details = "".join(traceback.format_exception(error))
    return m.JobFailed(request.job, f"{sentence}; the details can be copied.", details)
