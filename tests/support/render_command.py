"""The command `render` of a quick walk."""

from __future__ import annotations

from pathlib import Path

import main

QUICK = ["--frames", "5", "--steps", "4", "--width", "32", "--height", "32"]


def render(folder: str, out: Path, *options: str) -> int:
    """Render a quick walk with the model in `folder` to `out`. Returns the exit code."""
    return main.main(["render", "--model", folder, *QUICK, "--out", str(out), *options])
