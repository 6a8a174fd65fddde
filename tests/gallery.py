"""Pictures of every panel and dialog, in both schemes, at scale 1 and 2, for people to look at.

    python -m tests.gallery OUT

No test: nothing is compared. The engine is the scripted one, so that it takes seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from tests.gui.studio import Studio

SCALES = (1, 2)
SCHEMES = ("dark", "light")


def main(out: Path) -> int:
    """Take all pictures, each scale and scheme in a process of its own."""
    out.mkdir(parents=True, exist_ok=True)
    for scale in SCALES:
        for scheme in SCHEMES:
            settings = {"QT_SCALE_FACTOR": str(scale), "QT_QPA_PLATFORM": "offscreen"}
            command = [sys.executable, "-m", "tests.gallery", str(out), scheme, str(scale)]
            subprocess.run(command, env={**os.environ, **settings}, check=True)
    print(f"{len(list(out.glob('*.png')))} pictures in {out}")
    return 0


def take(out: Path, scheme: str, scale: str) -> None:
    """Take the pictures of one scheme at the scale this process runs at."""
    from PySide6.QtWidgets import QApplication

    from tests.gui.studio import Studio

    app = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(app, Path(folder), scheme)

        def shoot(name: str, widget: QWidget) -> None:
            studio.settle()
            widget.grab().save(str(out / f"{name}-{scheme}-{scale}x.png"))

        for name, widget in scenes(studio):
            shoot(name, widget)
        studio.close()


def scenes(studio: Studio) -> Iterator[tuple[str, QWidget]]:
    """Everything worth a look, in an order that a person would come across it."""
    window, companions = studio.window, studio.companions
    yield "01-first-paint", window
    studio.engine.play(60)
    yield "02-half-way", window
    studio.finish()
    studio.state.seek(24)
    yield "03-finished", window
    for number, (name, dock) in enumerate(window.panels.docks.items(), 4):
        yield f"{number:02}-panel-{name}", dock
    studio.state.ask_probe(0.35, -0.45)
    yield "08-point-of-the-plane", window
    studio.state.seek(25)
    window.actions_table["compare"].trigger()
    studio.finish()
    yield "09-compare", window
    window.actions_table["difference"].trigger()
    yield "10-difference", window
    window.actions_table["single"].trigger()
    window.actions_table["add_keyframe"].trigger()
    studio.finish()
    studio.state.post("The disk is full; free some space and export again.", "errno 28")
    yield "11-three-keyframes-and-a-message", window
    dialogs: dict[str, Callable[[], None]] = {
        "model": lambda: companions.model.open_for("starter"),
        "export": companions.export.open_now,
        "preferences": companions.preferences.show,
        "shortcuts": companions.shortcuts.show,
        "about": companions.about.show,
        "log": companions.log.show,
    }
    for number, (name, show) in enumerate(dialogs.items(), 12):
        show()
        dialog = getattr(companions, name)
        yield f"{number}-dialog-{name}", dialog
        dialog.hide()
    for menu in window.menus.values():
        yield f"18-menu-{menu.title().replace('&', '').lower()}", menu


if __name__ == "__main__":
    if len(sys.argv) == 4:
        take(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
    else:
        sys.exit(main(Path(sys.argv[1])))
