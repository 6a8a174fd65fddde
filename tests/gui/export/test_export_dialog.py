"""Exports from the window: each kind, while frames still come, cancelled, refused."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import av
import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.documents.session_file import load_session
from engine.export.metadata import recall
from engine.measuring.table_files import write_table
from engine.walk import Exploration, MethodChoice, Sampling, Walk
from gui.export.export_dialog import ExportDialog
from gui.export.export_plan import Kind
from gui.export.plot_files import write_png, write_svg
from gui.files.settings import Preferences, Settings
from gui.measures.measure_columns import measure_columns
from gui.session import Session
from gui.state.explorer_state import ExplorerState
from tests.support.scripted_engine import INFO, MemoryFrames, ScriptedEngine

SMALL = Exploration(walk=Walk(frames=5), sampling=Sampling(4, 4.0, 64, 64))
COMPARED = (MethodChoice("linear"), MethodChoice("slerp"))


class Desk:
    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        frames = MemoryFrames()
        self.out = folder / "out"
        self.engine = ScriptedEngine(frames)
        self.state = ExplorerState(frames, SMALL)
        self.session = Session(self.state, lambda: self.engine)
        self.session.start()
        self.settings = settings = Settings(folder / "settings.ini")
        settings.set_preferences(Preferences(export_folder=str(self.out)))
        self.plot = QLabel("plot")
        self.parent = QWidget()
        qtbot.addWidget(self.parent)
        qtbot.addWidget(self.plot)
        writers = {
            **dict.fromkeys((Kind.TABLE, Kind.TABLE_JSON), self.write_table),
            **dict.fromkeys((Kind.PLOT, Kind.CURVES), partial(write_png, self.plot)),
            **dict.fromkeys((Kind.PLOT_SVG, Kind.CURVES_SVG), partial(write_svg, self.plot)),
        }
        self.dialog = ExportDialog(self.state, frames, settings, writers, self.parent)
        self.dialog.open_now()

    def write_table(self, path: Path) -> None:
        write_table(path, measure_columns(self.state))

    def choose(self, kind: Kind) -> None:
        self.dialog.form.kind.choose(kind)

    def export(self, qtbot: QtBot) -> str:
        """Export as it is chosen, and say what the dialog says at the end."""
        self.dialog.export_button.click()
        self.finish()
        qtbot.waitUntil(lambda: self.dialog.export_button.isEnabled())
        return self.dialog.outcome.text()

    def finish(self) -> None:
        self.engine.play()
        QCoreApplication.processEvents()


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot) -> Desk:
    return Desk(tmp_path, qtbot)


def test_a_film_with_the_session_beside_it(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    assert desk.export(qtbot) == f"Written: {desk.out / 'walk.mp4'}"
    with av.open(str(desk.out / "walk.mp4")) as film:
        stream = film.streams.video[0]
        assert sum(1 for _ in film.decode(stream)) == 5
        assert stream.average_rate == 24
    assert load_session(desk.out / "walk.trail") == SMALL
    assert recall(desk.out / "walk.mp4")[0] == SMALL


def test_what_was_edited_since_is_rendered_first(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    desk.state.set_auto(False)
    desk.state.edit_walk("Frames", frames=7)
    desk.state.edit_sampling("Steps", steps=9)
    desk.export(qtbot)
    with av.open(str(desk.out / "walk.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 7
    assert desk.engine.requests[-1].sampling == recall(desk.out / "walk.mp4")[0].sampling
    assert desk.engine.requests[-1].sampling.steps == 9


def test_another_rate_is_no_reason_to_render_again(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    desk.state.edit(replace(SMALL, fps=12.0), "Playback rate")
    desk.dialog.open_now()
    assert desk.export(qtbot) == f"Written: {desk.out / 'walk.mp4'}"
    assert len(desk.engine.requests) == 1
    with av.open(str(desk.out / "walk.mp4")) as film:
        assert film.streams.video[0].average_rate == 12


def test_the_model_that_rendered_is_named(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    desk.state.model = replace(INFO, location=SMALL.model, identity="abc123")
    desk.export(qtbot)
    origin = recall(desk.out / "walk.mp4")[1]
    assert origin is not None
    assert origin.model == "abc123"


def test_a_home_is_a_home_in_the_preferences_too(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    desk.settings.set_preferences(Preferences(export_folder="~/films"))
    desk.dialog.open_now()
    assert desk.dialog.form.wishes().folder == tmp_path / "films"


def test_nothing_is_overwritten(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    desk.export(qtbot)
    desk.export(qtbot)
    assert len(list(desk.out.glob("*.mp4"))) == 2


def test_pictures_of_the_range_only(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    desk.state.set_range((1, 3))
    desk.dialog.open_now()
    desk.choose(Kind.PICTURES)
    desk.export(qtbot)
    names = [p.name for p in sorted((desk.out / "walk").glob("*.png"))]
    assert names == ["00001.png", "00002.png", "00003.png"]
    assert recall(desk.out / "walk" / names[2])[1].index == 3  # type: ignore[union-attr]


def test_write_none_writes_none(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    desk.choose(Kind.PICTURES)
    desk.dialog.form.metadata.setChecked(False)
    desk.dialog.form.session.setChecked(False)
    desk.export(qtbot)
    data = (desk.out / "walk" / "00000.png").read_bytes()
    assert b"parameters" not in data
    assert b"latent-trails" not in data


@pytest.mark.parametrize("kind", [Kind.GIF, Kind.WEBP, Kind.SHEET, Kind.WEBM])
def test_other_kinds(desk: Desk, qtbot: QtBot, kind: Kind) -> None:
    desk.finish()
    desk.choose(kind)
    assert desk.export(qtbot).startswith("Written")
    assert (desk.out / f"walk{kind.value}").stat().st_size > 0


def test_the_export_waits_for_frames_that_are_still_rendered(desk: Desk, qtbot: QtBot) -> None:
    desk.engine.play(8)
    QCoreApplication.processEvents()
    desk.choose(Kind.PICTURES)
    desk.dialog.export_button.click()
    assert not desk.dialog.export_button.isEnabled()
    desk.finish()
    qtbot.waitUntil(lambda: desk.dialog.export_button.isEnabled())
    assert len(list((desk.out / "walk").glob("*.png"))) == 5


def test_cancelled_exports_leave_nothing(desk: Desk, qtbot: QtBot) -> None:
    desk.dialog.export_button.click()
    desk.dialog.cancel_button.click()
    qtbot.waitUntil(lambda: desk.dialog.export_button.isEnabled())
    assert desk.dialog.outcome.text() == "Cancelled; nothing was written."
    assert list(desk.out.iterdir()) == []


def test_another_walk_ends_the_export_with_a_sentence(desk: Desk, qtbot: QtBot) -> None:
    desk.dialog.export_button.click()
    desk.state.edit_walk("Frames", frames=4)
    desk.state.generate()
    qtbot.waitUntil(lambda: desk.dialog.export_button.isEnabled())
    assert "changed" in desk.dialog.outcome.text()
    assert list(desk.out.iterdir()) == []


def test_missing_frames_are_rendered_first(desk: Desk, qtbot: QtBot) -> None:
    desk.state.cancel()
    QCoreApplication.processEvents()
    assert not desk.state.busy
    desk.dialog.export_button.click()
    assert desk.state.busy
    desk.finish()
    qtbot.waitUntil(lambda: desk.dialog.export_button.isEnabled())
    assert desk.dialog.outcome.text().startswith("Written")


def test_a_place_that_cannot_be_is_said(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    desk.finish()
    (tmp_path / "file").touch()
    desk.dialog.form.folder.chosen.emit(str(tmp_path / "file"))
    desk.dialog.export_button.click()
    assert desk.dialog.outcome.text()
    assert desk.dialog.export_button.isEnabled()


def test_measures_as_a_table(desk: Desk, qtbot: QtBot) -> None:
    desk.state.edit(replace(SMALL, compare=COMPARED), "Compare")
    desk.state.generate()
    desk.finish()
    for kind in (Kind.TABLE, Kind.TABLE_JSON):
        desk.choose(kind)
        desk.export(qtbot)
    with (desk.out / "walk.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["walk"], row["frame"]) for row in rows] == [
        (name, str(k)) for name in ("linear", "slerp") for k in range(5)
    ]
    assert float(rows[2]["time"]) == 0.5
    assert 0.5 < float(rows[2]["latent_std"]) < 0.8
    assert "clip_score" not in rows[0]
    same = json.loads((desk.out / "walk.json").read_bytes())
    assert [row["latent_std"] for row in same] == [float(row["latent_std"]) for row in rows]


def test_differences_of_what_is_compared(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    desk.choose(Kind.PICTURES)
    assert not desk.dialog.form.show_as.isVisible(), "there is nothing to compare with"
    desk.state.edit(replace(SMALL, compare=COMPARED), "Compare")
    desk.state.generate()
    desk.finish()
    assert desk.dialog.form.show_as.isVisible()
    desk.dialog.form.show_as.choose("slerp")
    assert desk.export(qtbot).startswith("Written")
    names = sorted(folder.name for folder in (desk.out / "walk").iterdir())
    assert names == ["1 linear - slerp", "2 slerp"]
    desk.state.edit(SMALL, "One picture")
    assert desk.dialog.form.wishes().difference == ""


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        (Kind.PLOT, b"\x89PNG"),
        (Kind.PLOT_SVG, b"<?xml"),
        (Kind.CURVES, b"\x89PNG"),
        (Kind.CURVES_SVG, b"<?xml"),
    ],
)
def test_plots(desk: Desk, qtbot: QtBot, kind: Kind, start: bytes) -> None:
    desk.finish()
    desk.choose(kind)
    desk.export(qtbot)
    assert (desk.out / f"walk{kind.value}").read_bytes().startswith(start)


def test_the_estimate_names_both_amounts(desk: Desk) -> None:
    text = desk.dialog.form.estimate.text()
    assert "MB" in text
    assert "free" in text
