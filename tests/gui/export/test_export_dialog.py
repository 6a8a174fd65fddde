"""Exports from the window: while frames still come, cancelled, refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from engine.documents.session_file import load_session
from engine.export.contract import formats
from engine.export.recall import recall
from gui.export.export_dialog import ExportDialog
from gui.export.export_job import ExportJob
from gui.export.export_plan import ExportKind, frame_kinds
from tests.support.export_desk import SMALL, ExportDesk
from tests.support.scripted_engine import INFO, MemoryFrames, story


def test_a_film_with_the_session_beside_it(desk: ExportDesk, qtbot: QtBot) -> None:
    desk.finish()
    assert desk.export(qtbot) == f"Written: {desk.out / 'walk.mp4'}"
    with av.open(str(desk.out / "walk.mp4")) as film:
        stream = film.streams.video[0]
        assert sum(1 for _ in film.decode(stream)) == 5
        assert stream.average_rate == 24
    assert load_session(desk.out / "walk.trail") == SMALL
    assert recall(desk.out / "walk.mp4").exploration == SMALL


def test_what_was_edited_since_is_rendered_first(desk: ExportDesk, qtbot: QtBot) -> None:
    desk.finish()
    desk.state.set_auto(False)
    desk.state.edit_walk("Frames", frames=7)
    desk.state.edit_sampling("Steps", steps=9)
    desk.export(qtbot)
    with av.open(str(desk.out / "walk.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 7
    assert desk.engine.requests[-1].sampling == recall(desk.out / "walk.mp4").exploration.sampling
    assert desk.engine.requests[-1].sampling.steps == 9


def test_another_rate_is_no_reason_to_render_again(desk: ExportDesk, qtbot: QtBot) -> None:
    desk.finish()
    desk.state.edit(replace(SMALL, fps=12.0), "Playback rate")
    desk.dialog.open_now()
    assert desk.export(qtbot) == f"Written: {desk.out / 'walk.mp4'}"
    assert len(desk.engine.requests) == 1
    with av.open(str(desk.out / "walk.mp4")) as film:
        assert film.streams.video[0].average_rate == 12


def test_the_model_that_rendered_is_named(desk: ExportDesk, qtbot: QtBot) -> None:
    desk.finish()
    desk.state.model = replace(INFO, location=SMALL.model, identity="abc123")
    desk.export(qtbot)
    origin = recall(desk.out / "walk.mp4").origin
    assert origin is not None
    assert origin.model == "abc123"


def test_pictures_of_the_range_only(desk: ExportDesk, qtbot: QtBot) -> None:
    desk.finish()
    desk.state.set_range((1, 3))
    desk.dialog.open_now()
    desk.choose("pictures")
    desk.export(qtbot)
    names = [p.name for p in sorted((desk.out / "walk").glob("*.png"))]
    assert names == ["00001.png", "00002.png", "00003.png"]
    assert recall(desk.out / "walk" / names[2]).origin.index == 3  # type: ignore[union-attr]


def test_the_export_waits_for_frames_that_are_still_rendered(
    desk: ExportDesk, qtbot: QtBot
) -> None:
    desk.engine.play(8)
    QCoreApplication.processEvents()
    desk.choose("pictures")
    desk.dialog.export_button.click()
    assert not desk.dialog.export_button.isEnabled()
    qtbot.waitUntil(desk.is_done, timeout=20000)
    assert len(list((desk.out / "walk").glob("*.png"))) == 5


def test_cancelled_exports_leave_nothing(desk: ExportDesk, qtbot: QtBot) -> None:
    desk.dialog.export_button.click()
    desk.dialog.cancel_button.click()
    qtbot.waitUntil(lambda: desk.dialog.export_button.isEnabled())
    assert desk.dialog.outcome.text() == "Cancelled; nothing was written."
    assert list(desk.out.iterdir()) == []


def test_an_export_goes_on_when_the_walk_is_edited(desk: ExportDesk, qtbot: QtBot) -> None:
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


def test_missing_frames_are_rendered_first(desk: ExportDesk, qtbot: QtBot) -> None:
    desk.state.cancel()
    QCoreApplication.processEvents()
    assert not desk.state.busy
    desk.dialog.export_button.click()
    assert desk.state.busy
    qtbot.waitUntil(desk.is_done, timeout=20000)
    assert desk.dialog.outcome.text().startswith("Written")


def test_an_export_ends_when_the_work_is_stopped(desk: ExportDesk, qtbot: QtBot) -> None:
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
    desk: ExportDesk, monkeypatch: pytest.MonkeyPatch
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


def _offer_slow(desk: ExportDesk, write: Callable[[Path], None]) -> None:
    """Open a dialog that also offers a kind of file that is written on another thread."""
    kinds = (*frame_kinds(), ExportKind("slow", "Slow", ".slow", prepare=lambda: write))
    missing = desk.session.missing_frames
    desk.out.mkdir()
    desk.dialog = ExportDialog(
        desk.state, MemoryFrames(), missing, desk.settings, kinds, desk.parent
    )
    desk.dialog.open_now("slow")


@pytest.mark.parametrize("fault", [None, OSError("the disk is full")])
def test_a_slow_file_is_written_on_another_thread(
    desk: ExportDesk, qtbot: QtBot, tmp_path: Path, fault: OSError | None
) -> None:
    threads = []

    def write(path: Path) -> None:
        threads.append(threading.get_ident())
        if fault is not None:
            raise fault
        path.write_text("whole", "utf-8")

    _offer_slow(desk, write)
    out = desk.out / "walk.slow"
    assert desk.export(qtbot) == (f"Written: {out}" if fault is None else "the disk is full")
    assert threads[0] != threading.get_ident()
    assert out.exists() == (fault is None)


def test_what_becomes_of_an_export_is_said_in_the_window_once_the_dialog_is_closed(
    desk: ExportDesk, qtbot: QtBot
) -> None:
    said: list[str] = []
    desk.state.message_posted.connect(lambda text, _: said.append(text))
    begun, gate = threading.Event(), threading.Event()

    def write(path: Path) -> None:
        begun.set()
        gate.wait(10)
        path.write_text("whole", "utf-8")

    _offer_slow(desk, write)
    desk.dialog.start()
    assert begun.wait(10)
    assert desk.dialog.cancel_button.text() == "Close", "it cannot be cancelled"
    desk.dialog.cancel_button.click()
    assert not desk.dialog.isVisible()
    desk.dialog.open_now("slow")
    assert not desk.dialog.export_button.isEnabled()
    desk.dialog.close()
    gate.set()
    qtbot.waitUntil(lambda: bool(said))
    assert said == [f"Written: {desk.out / 'walk.slow'}"]


def test_without_a_folder_nothing_is_written(desk: ExportDesk, qtbot: QtBot) -> None:
    desk.finish()
    desk.dialog.form.folder.chosen.emit("")
    assert desk.dialog.form.estimate.text() == "Name a folder for the export."
    desk.dialog.export_button.click()
    assert desk.dialog.outcome.text() == "Name a folder for the export."


def _dialog_of_pages(desk: ExportDesk, draw: Callable[[Path, str, Path], None]) -> ExportDialog:
    """A dialog that is open for a kind whose files `draw` makes of a contact sheet."""
    kind = ExportKind("page", "Page", ".page", format=formats.get("sheet"), finish=draw)
    kinds, missing = (kind, *frame_kinds()), desk.session.missing_frames
    store = desk.state.results.store
    dialog = ExportDialog(desk.state, store, missing, desk.settings, kinds, desk.parent)
    dialog.open_now("page")
    return dialog


def test_a_figure_that_is_cancelled_after_its_last_frame_is_not_written(
    desk: ExportDesk, qtbot: QtBot
) -> None:
    desk.finish()
    dialog = _dialog_of_pages(desk, lambda _sheet, _text, path: path.touch())
    dialog.export_button.click()
    (job,) = dialog.findChildren(ExportJob)
    assert job.wait(20000)  # its end is not known to the dialog yet
    dialog.cancel_button.click()
    qtbot.waitUntil(dialog.export_button.isEnabled)
    assert dialog.outcome.text() == "Cancelled; nothing was written."
    assert list(desk.out.iterdir()) == []


@pytest.mark.parametrize("edited", [False, True])
def test_a_figure_waits_for_the_measures_and_never_mixes_two_walks(
    desk: ExportDesk, qtbot: QtBot, edited: bool
) -> None:
    """Its plane, curves and table are those of the window; scores come after the last frame."""
    busy: list[bool] = []

    def draw(_sheet: Path, _text: str, path: Path) -> None:
        busy.append(desk.state.busy)
        path.write_text("a figure")

    dialog = _dialog_of_pages(desk, draw)
    dialog.export_button.click()
    desk.engine.play(len(list(story(desk.engine.requests[-1], MemoryFrames()))) - 1)
    qtbot.waitUntil(lambda: "Measuring" in dialog.outcome.text())
    assert not dialog.export_button.isEnabled()
    if edited:
        desk.state.edit_walk("Seed", negative="blur")
        desk.state.generate()
    desk.engine.play()
    qtbot.waitUntil(dialog.export_button.isEnabled)
    assert busy == ([] if edited else [False])
    assert ("was changed" in dialog.outcome.text()) == edited
    assert (desk.out / "walk.page").exists() != edited
