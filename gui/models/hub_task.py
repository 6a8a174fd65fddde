"""A task for the Hugging Face hub (check or download a model), run on its own thread."""

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

CANCELLED = "Cancelled; the part that was downloaded is kept."
#: Interval of the checks for a cancel, and time that a cancelled task has to end, in seconds.
INTERVAL_S, CANCEL_TIMEOUT_S = 0.1, 1.0

#: A call of the hub. It reports its progress.
Task = Callable[[Hub, Reporter], object]


def check_task(model: str, half: bool) -> Task:
    """Returns a task that finds out what would be downloaded; its result is None if nothing has
    to be. `half` prefers weights in half precision."""

    def look(hub: Hub, tell: Reporter) -> RemoteModel | None:
        tell(f"Asking the hub for {model}", 0.0)
        return hub.look(model, any_model(half))

    return look


def download_task(model: str, half: bool) -> Task:
    """Returns a task that downloads a model and checks it; its result is None for a CLIP model."""

    def download(hub: Hub, tell: Reporter) -> ModelReport | None:
        folder = hub.fetch(model, any_model(half), tell)
        is_diffusion_model = (folder / "model_index.json").is_file()
        return check_model(folder, half) if is_diffusion_model else None

    return download


class HubTask(QThread):
    """Runs one task. If the hub does not answer, its daemon thread is left to itself.

    Signals: progressed(stage, share in 0–1); ended(result, error), with "" as the error of a task
    that succeeded.
    """

    progressed = Signal(str, float)
    ended = Signal(object, str)

    def __init__(self, task: Task, make_hub: Callable[[], Hub], parent: QObject) -> None:
        super().__init__(parent)
        self._task, self._make_hub = task, make_hub
        self._answers: queue.SimpleQueue[tuple[object, str]] = queue.SimpleQueue()
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Stop within CANCEL_TIMEOUT_S; the part that was downloaded is kept."""
        self._cancelled.set()

    def run(self) -> None:
        threading.Thread(target=self._ask, name="model hub", daemon=True).start()
        result, error = self._answer()
        self.ended.emit(result, error)

    def _answer(self) -> tuple[object, str]:
        while not self._cancelled.is_set():
            with suppress(queue.Empty):
                return self._answers.get(timeout=INTERVAL_S)
        try:
            return self._answers.get(timeout=CANCEL_TIMEOUT_S)
        except queue.Empty:
            return None, CANCELLED

    # ── on the daemon thread ─────────────────────────────────────────────────────────────────

    def _ask(self) -> None:
        try:
            answer = self._task(self._make_hub(), self._tell), ""
        except Cancelled:
            answer = None, CANCELLED
        except (ModelError, OSError) as error:
            answer = None, str(error)
        except Exception as error:
            logging.getLogger("latent_trails").exception("the hub failed")
            answer = None, f"The hub request failed ({type(error).__name__}: {error}); see the log."
        self._answers.put(answer)

    def _tell(self, stage: str, share: float) -> None:
        if self._cancelled.is_set():
            raise Cancelled
        self.progressed.emit(stage, share)
