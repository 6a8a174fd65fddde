"""The curves of a running study from its file."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from gui.study.live_plot import FILE, LivePlot

HEAD = "model,guidance,measure,method,cells,gamma,mean\n"


def _read(qtbot: QtBot, folder: Path, guidances: tuple[str, ...]) -> LivePlot:
    rows = [
        f"starter,{guidance},sharpness,slerp,1,{gamma},{k + gamma}\n"
        for k, guidance in enumerate(guidances)
        for gamma in (0.0, 1.0)
    ]
    (folder / FILE).write_text(HEAD + "".join(rows), "utf-8")
    plot = LivePlot()
    qtbot.addWidget(plot)
    plot.read(folder)
    return plot


def test_a_method_has_a_curve(qtbot: QtBot, tmp_path: Path) -> None:
    assert _read(qtbot, tmp_path, ("1.5",)).curves == {"slerp": ([0.0, 1.0], [0.0, 1.0])}


def test_each_guidance_has_a_curve_of_its_own(qtbot: QtBot, tmp_path: Path) -> None:
    assert _read(qtbot, tmp_path, ("1.5", "4.0")).curves == {
        "slerp, 1.5": ([0.0, 1.0], [0.0, 1.0]),
        "slerp, 4.0": ([0.0, 1.0], [1.0, 2.0]),
    }
