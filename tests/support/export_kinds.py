"""Exports every kind of the dialog twice from the real window, with its real plane and charts.

Started as a program of its own by a test, at a scale that Qt takes from its environment.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QApplication

from engine.messages import NO_JOB
from engine.walk import MethodChoice, Sampling, Walk
from gui.widgets.theme import application
from tests.support.studio import Studio


def main(folder: Path) -> int:
    app = QApplication.instance() or application(sys.argv)
    assert isinstance(app, QApplication)
    studio = Studio(app, folder, "dark")
    state = studio.state
    compared = (MethodChoice("linear"), MethodChoice("slerp"))
    small = replace(
        state.exploration, walk=Walk(frames=3), sampling=Sampling(2, 4.0, 64, 64), compare=compared
    )
    state.open_exploration(small)
    studio.window.measures.show_measures(("latent_std", "clip_score"))
    studio.finish()
    fill_atlas(studio)
    dialog = studio.companions.export
    for _ in range(2):
        dialog.open_now()
        for row in range(dialog.form.kind.count()):
            dialog.form.kind.setCurrentIndex(row)
            dialog.export_button.click()
            studio.wait(dialog.export_button.isEnabled)
            print(dialog.form.kind.currentText(), "|", dialog.outcome.text())
    studio.close()
    return 0


def fill_atlas(studio: Studio) -> None:
    """Fill the plane with pictures."""
    atlas = studio.window.trajectory.atlas
    studio.state.set_view(atlas=5)
    studio.wait(lambda: studio.engine.requests[-1].job < NO_JOB)
    studio.engine.play()
    studio.wait(lambda: atlas.note.endswith("complete"))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
