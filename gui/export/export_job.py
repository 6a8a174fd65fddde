"""One export under way: frames go into a file on a thread of their own, as they become ready."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from engine.atomic import Existing
from engine.errors import Cancelled, InputError
from engine.export.contract import Plan
from engine.export.metadata import save_beside
from engine.export.open_export import open_export
from engine.messages import Image, Tier
from engine.walk import Exploration
from gui.export.frame_feed import FrameFeed
from gui.state.explorer_state import ExplorerState
from gui.state.results import FrameReader

CHANGED = "The walk changed while it was exported; export it again once it is rendered."


@dataclass(frozen=True, slots=True)
class Order:
    """What to write, where, and (unless None) the session to put beside it."""

    path: Path
    plan: Plan
    session: Exploration | None = None


class ExportJob(QThread):
    """Writes the frames of the newest job. The file is there when it ended well, and otherwise
    everything is as it was.

    Signals: progressed(done, total); ended(error): "" when it is done, "cancelled", or a sentence.
    """

    progressed = Signal(int, int)
    ended = Signal(str)

    def __init__(
        self, state: ExplorerState, frames: FrameReader, order: Order, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.order = order
        self._state, self._frames = state, frames
        self._feed = FrameFeed(len(order.plan.titles))
        for lane, results in enumerate(state.results.lanes):
            for index, key in results.keys.items():
                self._feed.put(lane, index, key)
        state.frame_changed.connect(self._frame_changed)
        state.results_reset.connect(self._walk_changed)
        state.busy_changed.connect(self._busy_changed)

    def cancel(self) -> None:
        """Stop before the next frame; nothing is left of the file."""
        self._feed.cancel()

    # ── the window's thread ──────────────────────────────────────────────────────────────────

    def _frame_changed(self, lane: int, index: int) -> None:
        results = self._state.results.lanes[lane]
        if index in results.keys:
            self._feed.put(lane, index, results.keys[index])
        elif results.tiers[index] == Tier.FAILED and index in self.order.plan.indices:
            self._feed.fail(f"Frame {index} failed, so there is no export: change the walk.")

    def _walk_changed(self) -> None:
        self._feed.fail(CHANGED)

    def _busy_changed(self, busy: bool) -> None:
        if not busy:
            self._feed.fail("The walk was not rendered to its end; generate it, then export.")

    # ── its own thread ───────────────────────────────────────────────────────────────────────

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
        plan = self.order.plan
        with open_export(self.order.path, plan) as add:
            for number, index in enumerate(plan.indices, 1):
                add(index, [self._picture(key, index) for key in self._feed.take(index)])
                self.progressed.emit(number, len(plan.indices))
        if self.order.session is not None:
            save_beside(self.order.path, self.order.session, Existing.NUMBER)

    def _picture(self, key: str, index: int) -> Image:
        image = self._frames.image(key)
        if image is None:
            raise InputError(
                f"Frame {index} is no longer remembered; allow pictures more memory or disk in "
                "the preferences and render again."
            )
        return image
