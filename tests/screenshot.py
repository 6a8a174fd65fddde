"""The picture in the README, taken of the real window with the real engine and the starter model.

    python -m tests.screenshot resources/screenshots

No test: it renders the article's walk, takes pictures of the window at first paint, half-way and
finished, at a point of the plane, and comparing methods, and closes the window again.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QTimer

from engine.frame_store import FrameStore
from engine.messages import Tier
from engine.thread import EngineThread
from engine.walk import Exploration, MethodChoice
from gui import app
from gui.places import Places
from gui.settings import Settings

SIZE = (1440, 900)
COMPARED = tuple(MethodChoice(name) for name in ("linear", "normalized", "slerp"))


class Photographer(app.Program):
    """A running window that goes through its poses by itself."""

    out = Path()

    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)  # type: ignore[arg-type]
        self.window.resize(*SIZE)
        self._poses = self._plan()
        self._timer = QTimer(self, interval=200)
        self._timer.timeout.connect(self._next)
        self._timer.start()

    def _plan(self) -> list[tuple[str, Callable[[], bool], Callable[[], None]]]:
        """Name of the picture, when it may be taken, and what is done after it."""
        state = self.state
        return [
            ("first-paint", lambda: True, lambda: None),
            ("half-way", lambda: self._share() >= 0.5, lambda: None),
            ("window", self._finished, lambda: state.ask_probe(0.45, 0.35)),
            ("point", self._probed, self._compare),
            ("compare", self._finished, self.window.close),
        ]

    def _next(self) -> None:
        name, ready, after = self._poses[0]
        if not ready():
            return
        self.window.grab().save(str(self.out / f"{name}.png"))
        del self._poses[0]
        if not self._poses:
            self._timer.stop()
        after()

    def _share(self) -> float:
        tiers = [tier for lane in self.state.results.lanes for tier in lane.tiers]
        return tiers.count(Tier.FINAL) / len(tiers) if tiers else 0.0

    def _finished(self) -> bool:
        done = self._share() == 1.0 and not self.state.busy
        if done:
            self.state.seek(self.state.frame_count // 3)
        return done

    def _probed(self) -> bool:
        return self.state.probe is not None and self.state.probe.tier == Tier.FINAL

    def _compare(self) -> None:
        self.state.edit(replace(self.state.exploration, compare=COMPARED), "Compare")
        self.window.actions_table["compare"].trigger()


def main(out: Path) -> int:
    """Take the pictures; returns the window's exit code."""
    out.mkdir(parents=True, exist_ok=True)
    Photographer.out = out
    app.Program = Photographer  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder:
        places = Places.within(Path(folder))
        settings = Settings(places.settings)
        settings.set_preferences(replace(settings.preferences, theme="dark", hints=False))
        settings.save()
        store = FrameStore()
        return app.run_window(
            ["latent-trails"], Exploration(), store, lambda: EngineThread(store), places
        )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
