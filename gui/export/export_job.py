"""A running export: writes frames to a file on its own thread, as they become ready."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from engine.errors import Cancelled, InputError
from engine.export.contract import Plan
from engine.export.moments import Moments
from engine.export.open_export import format_for, open_export
from engine.export.session_beside import save_beside
from engine.messages import Image, Tier
from engine.walk import Exploration, frame_text
from gui.state.explorer_state import ExplorerState
from gui.state.missing_frames import MissingFrames
from gui.state.results import FrameReader


@dataclass(frozen=True, slots=True)
class Order:
    """An export: the exploration, its plan and its path. `session` also saves the session, with the
    certificates of its lanes."""

    path: Path
    plan: Plan
    exploration: Exploration
    session: bool = False
    certificates: tuple[dict[str, float], ...] = ()


class ExportJob(QThread):
    """Writes the frames of an exploration, independent of what the window renders meanwhile. After
    a failure or a cancel, no file is left.

    Frames come from the window's job and from memory. Frames that memory no longer holds are
    requested again.

    Signals: progressed(done, total); ended(error), with "" after success, "cancelled", or a
    sentence; frames_needed(indices), for missing frames that are written next.
    """

    progressed = Signal(int, int)
    ended = Signal(str)
    frames_needed = Signal(object)

    def __init__(
        self,
        state: ExplorerState,
        frames: FrameReader,
        missing: MissingFrames,
        order: Order,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.order = order
        self._state, self._missing = state, missing
        self._format = format_for(order.path, order.plan.parameters)
        self._indices = self._format.shown(order.plan.indices)
        self._moments = Moments(len(order.plan.titles), self._indices, frames.image)
        self._take_results()
        state.frame_changed.connect(self._frame_changed)
        state.results_reset.connect(self._take_results)
        missing.frame_ready.connect(self._on_picture)
        missing.failed.connect(self._fail)
        self.frames_needed.connect(self._request)

    @property
    def total(self) -> int:
        """The number of moments of the walk that are written."""
        return len(self._indices)

    @property
    def cancelled(self) -> bool:
        """True once `cancel` was called, even if that was too late."""
        return self._moments.cancelled

    def cancel(self) -> None:
        """Stop before the next frame and delete the unfinished file."""
        self._moments.cancel()
        self._missing.drop()

    # ── the window's thread ──────────────────────────────────────────────────────────────────

    def _take_results(self) -> None:
        """Take over the frames that the window has."""
        if not self._state.results.are_of(self.order.exploration):
            return
        for lane, results in enumerate(self._state.results.lanes):
            for index, key in results.keys.items():
                self._moments.put(lane, index, key)

    def _frame_changed(self, lane: int, index: int) -> None:
        if not self._state.results.are_of(self.order.exploration):
            return
        results = self._state.results.lanes[lane]
        if index in results.keys:
            self._moments.put(lane, index, results.keys[index])
        elif results.tiers[index] == Tier.FAILED and index in self._indices:
            frame = frame_text(index).capitalize()
            self._fail(f"{frame} failed, so nothing was exported; change the walk.")

    def _request(self, indices: tuple[int, ...]) -> None:
        if self.isRunning():
            self._missing.ask(self.order.exploration, indices)

    def _on_picture(self, lane: int, index: int, image: Image) -> None:
        self._moments.put(lane, index, image)

    def _fail(self, reason: str) -> None:
        self._moments.fail(reason)

    # ── on this job's thread ─────────────────────────────────────────────────────────────────

    def run(self) -> None:
        try:
            self._write()
        except Cancelled:
            self.ended.emit("cancelled")
        except (InputError, OSError) as error:
            self.ended.emit(str(error))
        except Exception as error:
            logging.getLogger("latent_trails").exception("export failed")
            self.ended.emit(f"The export failed ({type(error).__name__}: {error}); see the log.")
        else:
            self.ended.emit("")

    def _write(self) -> None:
        order = self.order
        with open_export(order.path, order.plan) as add:
            for number, (index, images) in enumerate(
                self._moments.wait(self.frames_needed.emit), 1
            ):
                add(index, images)
                self.progressed.emit(number, self.total)
            self._moments.check()
        if order.session:
            suffix = self._format.suffix
            save_beside(order.path, suffix, order.exploration, order.certificates)
