"""Pictures of the real window with the real engine and the starter model.

    python -m tests.screenshot OUT

No test: the window goes through its poses by itself, and closes. The README's pictures are made of
these by tests/pictures.py.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtWidgets import QWidget

from engine.documents.presets import find_preset
from engine.messages import Tier
from engine.models.inspection.check import STARTER_FOLDER
from engine.models.inspection.recommended_settings import opening_walk
from engine.store.frame_store import FrameStore
from engine.thread import EngineThread
from engine.walk import Exploration, MethodChoice
from gui import app
from gui.export.plot_files import write_png
from gui.files.app_folders import AppFolders
from gui.files.settings import Settings

SIZE, PLANE = (1440, 900), (640, 560)
#: A point of the mix pad near its middle.
MIDDLE = QPointF(0.12, -0.08)
COMPARED = tuple(MethodChoice(name) for name in ("linear", "normalized", "slerp"))


@dataclass(frozen=True, slots=True)
class Pose:
    """A picture: its name, what is done before it, when it may be taken, and what it shows."""

    name: str
    prepare: Callable[[], None]
    ready: Callable[[], bool]
    shown: Callable[[], QWidget]


class Photographer(app.Program):
    """A running window that goes through its poses by itself."""

    out = Path()

    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)  # type: ignore[arg-type]
        self.window.setWindowState(Qt.WindowState.WindowNoState)  # whatever screen there is
        self.window.resize(*SIZE)
        self._poses = self._plan()
        self._prepared = self._ready = False
        self._timer = QTimer(self, interval=200)
        self._timer.timeout.connect(self._next)
        self._timer.start()

    def _plan(self) -> list[Pose]:
        state, window, done = self.state, self.window, self._finished
        return [
            Pose("window", lambda: None, done, lambda: window),
            Pose("point", lambda: state.ask_probe(0.45, 0.35), self._probed, lambda: window),
            Pose("compare", self._compare, done, lambda: window),
            Pose("scores", lambda: self._open("scores"), self._measured, self._curves),
            Pose("latents", lambda: self._open("translation"), done, lambda: window.frame_view),
            Pose("loop", lambda: self._open("loop-spline"), self._evened, lambda: window),
            Pose("atlas", lambda: self._enlarge("regions"), self._filled, self._plane),
            Pose("mix", lambda: self._enlarge("mix"), self._mixed, self._plane),
            Pose("ray", lambda: self._enlarge("std-sweep"), done, self._plane),
            Pose("toy", lambda: self._open("toy"), done, self._plane),
        ]

    def _next(self) -> None:
        pose = self._poses[0]
        if not self._prepared:
            pose.prepare()
            self._prepared = True
        elif not self._ready:
            self._ready = pose.ready()  # it is laid out and painted until the next time
        else:
            write_png(pose.shown(), self.out / f"{pose.name}.png")
            del self._poses[0]
            self._prepared = self._ready = False
            if not self._poses:
                self._timer.stop()
                self.window.close()

    def _finished(self) -> bool:
        """Whether the walk as it is now is drawn; if so, the playhead goes to its first third."""
        state = self.state
        tiers = [tier for lane in state.results.lanes for tier in lane.tiers]
        whole = bool(tiers) and set(tiers) == {Tier.FINAL}
        if whole and not state.busy and state.results.are_of(state.exploration):
            state.seek(state.frame_count // 3)
            return True
        return False

    def _probed(self) -> bool:
        return self.state.probe is not None and self.state.probe.tier == Tier.FINAL

    def _measured(self) -> bool:
        wanted, results = set(self.state.wanted_measures), self.state.results
        lanes = range(len(results.lanes))
        known = {n for n in wanted for k in lanes if np.isfinite(results.measured(k, n)).any()}
        return self._finished() and wanted <= known

    def _evened(self) -> bool:
        """Whether the steps of the walk are evened out, and all of it is drawn."""
        return not self.companions.even_out.running and self._measured()

    def _filled(self) -> bool:
        """Whether the atlas is complete and its regions are found."""
        trajectory = self.window.trajectory
        complete = trajectory.atlas.note.endswith("complete")
        return self._finished() and complete and bool(trajectory.basins.labels)

    def _mixed(self) -> bool:
        """Whether a point of the pad, which is asked for once the walk is drawn, is drawn, too."""
        if self.state.probe is None and not self.state.awaits_point and self._finished():
            view = self.window.trajectory.view
            view.press(MIDDLE)
            view.drag(MIDDLE)
            view.end_drag()
        return self._probed()

    def _compare(self) -> None:
        self.state.edit(replace(self.state.exploration, compare=COMPARED), "Compare")
        self.window.actions_table["compare"].trigger()

    def _open(self, name: str) -> None:
        """An experiment, with no more frames than are drawn already where it has many."""
        preset = find_preset(name)
        walk = preset.exploration.walk
        walk = replace(walk, frames=min(walk.frames, Exploration().walk.frames))
        self.companions.open_experiment(
            replace(preset, exploration=replace(preset.exploration, walk=walk))
        )

    def _enlarge(self, name: str) -> None:
        """An experiment with the plane in a window of its own."""
        self._open(name)
        dock = self.window.panels.docks["trajectory"]
        dock.setFloating(True)
        dock.resize(*PLANE)

    def _plane(self) -> QWidget:
        return self.window.trajectory.picture

    def _curves(self) -> QWidget:
        return self.window.measures.on_paper()


def photograph(out: Path, store: FrameStore) -> int:
    """Take the pictures, as PNG; returns the window's exit code."""
    out.mkdir(parents=True, exist_ok=True)
    Photographer.out = out
    app.Program = Photographer  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder:
        folders = AppFolders.within(Path(folder))
        settings = Settings(folders.settings)
        settings.set_preferences(replace(settings.preferences, theme="dark", hints=False))
        opening = Exploration(walk=opening_walk(STARTER_FOLDER))
        return app.run_window(
            ["latent-trails"], opening, store, lambda: EngineThread(store), folders
        )


if __name__ == "__main__":
    sys.exit(photograph(Path(sys.argv[1]), FrameStore()))
