"""A model of the hub: what it is, and its way to this machine. Asked on a thread of its own."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from contextlib import suppress

from PySide6.QtCore import QObject, QThread, Signal

from engine.errors import Cancelled, ModelError
from engine.models.hub.client import Hub, RemoteModel, Reporter
from engine.models.hub.required_files import any_model
from engine.models.inspection.check import check_model
from engine.models.inspection.report import ModelReport

CANCELLED = "Cancelled; what has arrived is kept for the next time."
#: Seconds between two looks at whether it is cancelled, and those that a task then has to end.
TURN_S, PATIENCE_S = 0.1, 1.0

#: What is asked of a hub, which may tell how far it is.
Task = Callable[[Hub, Reporter], object]


def looking(model: str, half: bool) -> Task:
    """Ask what would be downloaded; None where nothing has to be. `half` prefers weights in half
    precision."""

    def look(hub: Hub, tell: Reporter) -> RemoteModel | None:
        tell(f"Asking the hub for {model}", 0.0)
        return hub.look(model, any_model(half))

    return look


def downloading(model: str, half: bool) -> Task:
    """Download a model and look at what has come: None for a CLIP model, which can score and not
    draw."""

    def download(hub: Hub, tell: Reporter) -> ModelReport | None:
        folder = hub.fetch(model, any_model(half), tell)
        draws = (folder / "model_index.json").is_file()
        return check_model(folder, half) if draws else None

    return download


class HubTask(QThread):
    """Does one task, because a person asked for it. A hub that does not answer keeps a thread
    that nothing waits for.

    Signals: progressed(stage, share of 0–1); ended(what was found, error): the error is "" where
    all went well.
    """

    progressed = Signal(str, float)
    ended = Signal(object, str)

    def __init__(self, task: Task, make_hub: Callable[[], Hub], parent: QObject) -> None:
        super().__init__(parent)
        self._task, self._make_hub = task, make_hub
        self._answers: queue.SimpleQueue[tuple[object, str]] = queue.SimpleQueue()
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Stop within a second or so; what has arrived is kept for the next time."""
        self._cancelled.set()

    def run(self) -> None:
        threading.Thread(target=self._ask, name="model hub", daemon=True).start()
        found, error = self._answer()
        self.ended.emit(found, error)

    def _answer(self) -> tuple[object, str]:
        while not self._cancelled.is_set():
            with suppress(queue.Empty):
                return self._answers.get(timeout=TURN_S)
        try:
            return self._answers.get(timeout=PATIENCE_S)
        except queue.Empty:
            return None, CANCELLED

    # ── the thread that asks ─────────────────────────────────────────────────────────────────

    def _ask(self) -> None:
        try:
            answer = self._task(self._make_hub(), self._tell), ""
        except Cancelled:
            answer = None, CANCELLED
        except (ModelError, OSError) as error:
            answer = None, str(error)
        except Exception as error:
            logging.getLogger("latent_trails").exception("the hub failed")
            answer = None, f"The hub failed ({type(error).__name__}: {error}); see the log."
        self._answers.put(answer)

    def _tell(self, stage: str, share: float) -> None:
        if self._cancelled.is_set():
            raise Cancelled
        self.progressed.emit(stage, share)
