"""Exports from the window: each kind, while frames still come, cancelled, refused."""

from __future__ import annotations

import csv
import json
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.documents.session_file import decode, load_session
from engine.export.recall import recall
from engine.walk import Exploration, MethodChoice, Sampling, Walk
from gui.export.analysis_files import analysis_kinds
from gui.export.export_dialog import ExportDialog
from gui.export.export_plan import ExportKind, frame_kinds
from gui.files.settings import Preferences, Settings
from gui.session import Session
from gui.state.explorer_state import ExplorerState
from tests.support.scripted_engine import INFO, MemoryFrames, ScriptedEngine

SMALL = Exploration(walk=Walk(frames=5), sampling=Sampling(4, 4.0, 64, 64))
COMPARED = (MethodChoice("linear"), MethodChoice("slerp"))


class Desk:
    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        frames = MemoryFrames()
        self.out = folder / "out"
        self.engine = engine = ScriptedEngine(frames)
        self.state = ExplorerState(frames, SMALL)
        self.session = Session(self.state, lambda: engine)
        self.session.start()
        self.settings = settings = Settings(folder / "settings.ini")
        settings.set_preferences(Preferences(export_folder=str(self.out)))
        self.plot = QLabel("plot")
        self.parent = QWidget()
        qtbot.addWidget(self.parent)
        qtbot.addWidget(self.plot)
        kinds = (*frame_kinds(), *analysis_kinds(self.state, self.plot, QLabel))
        missing = self.session.missing_frames
        self.dialog = ExportDialog(self.state, frames, missing, settings, kinds, self.parent)
        self.dialog.open_now()

    def choose(self, kind: str) -> None:
        self.dialog.form.kind.choose(kind)

    def export(self, qtbot: QtBot) -> str:
        """Export as it is chosen, and say what the dialog says at the end."""
        self.dialog.export_button.click()
        qtbot.waitUntil(self.is_done, timeout=20000)
        return self.dialog.outcome.text()

    def is_done(self) -> bool:
        """Answer all requests that have come so far; True at the end of the export."""
        self.finish()
        return self.dialog.export_button.isEnabled()

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
    assert recall(desk.out / "walk.mp4").exploration == SMALL


def test_what_was_edited_since_is_rendered_first(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    desk.state.set_auto(False)
    desk.state.edit_walk("Frames", frames=7)
    desk.state.edit_sampling("Steps", steps=9)
    desk.export(qtbot)
    with av.open(str(desk.out / "walk.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 7
    assert desk.engine.requests[-1].sampling == recall(desk.out / "walk.mp4").exploration.sampling
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
    origin = recall(desk.out / "walk.mp4").origin
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
    desk.choose("pictures")
    desk.export(qtbot)
    names = [p.name for p in sorted((desk.out / "walk").glob("*.png"))]
    assert names == ["00001.png", "00002.png", "00003.png"]
    assert recall(desk.out / "walk" / names[2]).origin.index == 3  # type: ignore[union-attr]


def test_write_none_writes_none(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    desk.choose("pictures")
    desk.dialog.form.metadata.setChecked(False)
    desk.dialog.form.session.setChecked(False)
    desk.export(qtbot)
    data = (desk.out / "walk" / "00000.png").read_bytes()
    assert b"parameters" not in data
    assert b"latent-trails" not in data


@pytest.mark.parametrize(
    ("kind", "name"),
    [("gif", "walk.gif"), ("webp", "walk.webp"), ("sheet", "walk.png"), ("webm", "walk.webm")],
)
def test_other_kinds(desk: Desk, qtbot: QtBot, kind: str, name: str) -> None:
    desk.finish()
    desk.choose(kind)
    assert desk.export(qtbot).startswith("Written")
    assert (desk.out / name).stat().st_size > 0


def test_the_export_waits_for_frames_that_are_still_rendered(desk: Desk, qtbot: QtBot) -> None:
    desk.engine.play(8)
    QCoreApplication.processEvents()
    desk.choose("pictures")
    desk.dialog.export_button.click()
    assert not desk.dialog.export_button.isEnabled()
    qtbot.waitUntil(desk.is_done, timeout=20000)
    assert len(list((desk.out / "walk").glob("*.png"))) == 5


def test_cancelled_exports_leave_nothing(desk: Desk, qtbot: QtBot) -> None:
    desk.dialog.export_button.click()
    desk.dialog.cancel_button.click()
    qtbot.waitUntil(lambda: desk.dialog.export_button.isEnabled())
    assert desk.dialog.outcome.text() == "Cancelled; nothing was written."
    assert list(desk.out.iterdir()) == []


def test_an_export_goes_on_when_the_walk_is_edited(desk: Desk, qtbot: QtBot) -> None:
    desk.engine.play(8)
    QCoreApplication.processEvents()
    desk.dialog.export_button.click()
    desk.state.edit_walk("Frames", frames=4)
    desk.state.generate()
    desk.finish()  # the window's own job
    assert not desk.state.busy
    qtbot.waitUntil(desk.is_done, timeout=20000)  # with the frames that the export still lacks
    assert desk.dialog.outcome.text() == f"Written: {desk.out / 'walk.mp4'}"
    assert recall(desk.out / "walk.mp4").exploration == SMALL
    assert len(desk.state.results.lanes[0].tiers) == 4, "the window shows its own walk"
    with av.open(str(desk.out / "walk.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 5


def test_a_size_is_chosen_and_counted(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    fields = {f.accessibleName(): f for f in desk.dialog.findChildren(QSpinBox)}
    assert fields["Width"].text() == "as enlarged"
    before = desk.dialog.form.estimate.text()
    fields["Enlarge"].setValue(8)
    assert desk.dialog.form.estimate.text() != before
    assert desk.export(qtbot).startswith("Written")
    with av.open(str(desk.out / "walk.mp4")) as film:
        assert film.streams.video[0].width == 8 * 64
    fields["Width"].setValue(100)
    assert desk.export(qtbot).startswith("Written")
    with av.open(str(desk.out / "walk-2.mp4")) as film:
        assert film.streams.video[0].width == 100


def test_missing_frames_are_rendered_first(desk: Desk, qtbot: QtBot) -> None:
    desk.state.cancel()
    QCoreApplication.processEvents()
    assert not desk.state.busy
    desk.dialog.export_button.click()
    assert desk.state.busy
    qtbot.waitUntil(desk.is_done, timeout=20000)
    assert desk.dialog.outcome.text().startswith("Written")


def test_an_export_ends_when_the_work_is_stopped(desk: Desk, qtbot: QtBot) -> None:
    desk.state.cancel()
    QCoreApplication.processEvents()
    desk.dialog.export_button.click()
    QCoreApplication.processEvents()
    desk.state.cancel()  # stops the window's job; the export asks for its own
    qtbot.waitUntil(lambda: desk.engine.requests[-1].job < 0)
    desk.state.pause()
    qtbot.waitUntil(lambda: desk.dialog.export_button.isEnabled())
    assert desk.dialog.outcome.text().startswith("Rendering was stopped")
    assert list(desk.out.iterdir()) == []


def test_an_error_that_nobody_foresaw_is_said_in_the_dialog(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a layer is upside down")

    desk.finish()
    desk.choose("plot-svg")
    monkeypatch.setattr(desk.plot, "accessibleName", fail)
    desk.dialog.export_button.click()
    assert "upside down" in desk.dialog.outcome.text()
    assert desk.dialog.outcome.isVisible()
    monkeypatch.undo()
    desk.dialog.export_button.click()
    assert desk.dialog.outcome.text().startswith("Written"), "the next one goes well"


def test_a_film_and_its_session_have_the_certificate(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    for index in range(1, 5):
        step = m.MeasureReady(desk.state.results.job, 0, index, "step_length", float(index))
        desk.state.apply(step)
    desk.export(qtbot)
    film = recall(desk.out / "walk.mp4").origin
    _, session = decode((desk.out / "walk.trail").read_bytes())
    for origin in (film, session):
        assert origin is not None
        assert origin.certificates[0]["largest_step"] == pytest.approx(1.6)
    assert load_session(desk.out / "walk.trail") == desk.state.exploration


def test_a_film_and_its_session_have_the_same_number(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    desk.export(qtbot)
    (desk.out / "walk.mp4").unlink()
    desk.state.edit(replace(SMALL, fps=12.0), "Playback rate")
    desk.dialog.open_now()
    desk.export(qtbot)
    assert sorted(path.name for path in desk.out.iterdir()) == [
        "walk-2.mp4",
        "walk-2.trail",
        "walk.trail",
    ]


@pytest.mark.parametrize(
    ("typed", "rate"),
    [
        ("23.976", "24000/1001"),
        ("119.88", "120000/1001"),
        ("30000/1001", "30000/1001"),
        ("0.5", "1/2"),
    ],
)
def test_a_rate_is_typed_as_a_decimal_or_a_fraction(
    desk: Desk, qtbot: QtBot, typed: str, rate: str
) -> None:
    desk.finish()
    field = desk.dialog.form.fps
    field.selectAll()
    QTest.keyClicks(field.lineEdit(), typed)
    QTest.keyClick(field, Qt.Key.Key_Return)  # which exports, too
    assert field.text() == f"{typed.replace('30000/1001', '29.97')} fps"
    qtbot.waitUntil(lambda: desk.dialog.outcome.text().startswith("Written"))
    with av.open(str(desk.out / "walk.mp4")) as film:
        assert film.streams.video[0].average_rate == Fraction(rate)


def test_what_a_format_rounds_is_said_and_its_arrows_offer_what_it_keeps(desk: Desk) -> None:
    desk.finish()
    form = desk.dialog.form
    assert "becomes" not in form.estimate.text()
    desk.choose("gif")
    assert "24 becomes 25 frames a second" in form.estimate.text()
    form.fps.stepUp()
    assert form.fps.text() == "33.333 fps"
    assert "becomes" not in form.estimate.text()
    form.fps.setValue(120.0)
    assert "120 becomes 100 frames a second" in form.estimate.text()
    desk.choose("mp4")
    assert "becomes" not in form.estimate.text()


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
    for kind in ("table", "table-json"):
        desk.choose(kind)
        desk.export(qtbot)
    with (desk.out / "walk.csv").open(newline="") as file:
        written = list(csv.DictReader(file))
    rows = [row for row in written if row["frame"]]
    assert {row["summary"] for row in written} == {"", "Latent std", "Least std", "Largest std"}
    assert [(row["walk"], row["frame"]) for row in rows] == [
        (name, str(k)) for name in ("linear", "slerp") for k in range(5)
    ]
    assert float(rows[2]["time"]) == 0.5
    assert 0.5 < float(rows[2]["latent_std"]) < 0.8
    assert "clip_score" not in rows[0]
    same = json.loads((desk.out / "walk.json").read_bytes())
    assert [x["latent_std"] for x in same] == [float(row["latent_std"]) for row in written]


def test_differences_of_what_is_compared(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    desk.choose("pictures")
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
    ("kind", "suffix", "start"),
    [
        ("plot-png", ".plot.png", b"\x89PNG"),
        ("plot-svg", ".plot.svg", b"<?xml"),
        ("curves-png", ".measures.png", b"\x89PNG"),
        ("curves-svg", ".measures.svg", b"<?xml"),
    ],
)
def test_plots(desk: Desk, qtbot: QtBot, kind: str, suffix: str, start: bytes) -> None:
    desk.finish()
    desk.choose(kind)
    desk.export(qtbot)
    assert (desk.out / f"walk{suffix}").read_bytes().startswith(start)


def test_the_estimate_names_both_amounts(desk: Desk) -> None:
    text = desk.dialog.form.estimate.text()
    assert "MB" in text
    assert "free" in text


@pytest.mark.parametrize("fault", [None, OSError("the disk is full")])
def test_a_slow_file_is_written_on_another_thread(
    desk: Desk, qtbot: QtBot, tmp_path: Path, fault: OSError | None
) -> None:
    threads = []

    def write(path: Path) -> None:
        threads.append(threading.get_ident())
        if fault is not None:
            raise fault
        path.write_text("whole", "utf-8")

    kinds = (*frame_kinds(), ExportKind("slow", "Slow", ".slow", prepare=lambda: write))
    missing = desk.session.missing_frames
    desk.out.mkdir()
    desk.dialog = ExportDialog(
        desk.state, MemoryFrames(), missing, desk.settings, kinds, desk.parent
    )
    desk.dialog.open_now("slow")
    out = desk.out / "walk.slow"
    assert desk.export(qtbot) == (f"Written: {out}" if fault is None else "the disk is full")
    assert threads[0] != threading.get_ident()
    assert out.exists() == (fault is None)
