"""Pictures of every panel and dialog, in both schemes, at scale 1 and 2, for people to look at.

    python -m tests.gallery OUT
    python -m tests.gallery OUT --scales 1.25 1.5 --schemes light --rtl --only dialog

No test: nothing is compared. The engine is the scripted one, so that it takes a minute or two.
What there is to see is in gallery_scenes.py.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from engine.models.inspection.check import STARTER_FOLDER
from tests.support.loopback_hub import serve

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from tests.support.studio import Studio

SCALES = ("1", "2")
SCHEMES = ("dark", "light")


def main(options: argparse.Namespace) -> int:
    """Take all pictures, each scale and scheme in a process of its own."""
    options.out.mkdir(parents=True, exist_ok=True)
    for scale in options.scales:
        for scheme in options.schemes:
            settings = {"QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen"}
            here = [sys.executable, "-m", "tests.gallery", str(options.out), "--here"]
            rest = ["--scales", scale, "--schemes", scheme, "--only", options.only]
            rest += ["--rtl"] if options.rtl else []
            subprocess.run([*here, *rest], env={**os.environ, **settings}, check=True)
    print(f"{len(list(options.out.glob('*.png')))} pictures in {options.out}")
    return 0


def take(out: Path, scheme: str, scale: str, only: str, rtl: bool) -> None:
    """Take the pictures of one scheme at the scale this process runs at."""
    with tempfile.TemporaryDirectory() as home, serve(STARTER_FOLDER) as hub:
        os.environ |= {"HF_HOME": home, "HF_ENDPOINT": hub.endpoint}  # read by the hub's library
        hub.stall_after = 4_000_000
        from PySide6.QtCore import Qt

        from gui.widgets.theme import application
        from tests.gallery_scenes import fill_hub, fill_log, scenes
        from tests.support.studio import Studio

        fill_hub(Path(home))
        fill_log(Path(home))
        app = application()
        if rtl:
            app.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        studio = Studio(app, Path(home), scheme)
        end = f"{scheme}-{scale}x{'-rtl' if rtl else ''}.png"
        for number, (name, widget) in enumerate(scenes(studio), 1):
            if only in name:
                shoot(studio, widget, out / f"{number:02}-{name}-{end}")
        studio.close()


def shoot(studio: Studio, widget: QWidget, file: Path) -> None:
    """Take a picture of a widget once it has come to rest."""
    studio.settle()
    widget.grab().save(str(file))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("out", type=Path)
    parser.add_argument("--scales", nargs="+", default=SCALES)
    parser.add_argument("--schemes", nargs="+", choices=SCHEMES, default=SCHEMES)
    parser.add_argument("--only", default="", help="scenes with this in their name")
    parser.add_argument("--rtl", action="store_true", help="from right to left")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    chosen = _options()
    if chosen.here:
        take(chosen.out, chosen.schemes[0], chosen.scales[0], chosen.only, chosen.rtl)
    else:
        sys.exit(main(chosen))
