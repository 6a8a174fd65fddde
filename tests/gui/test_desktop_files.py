"""Files in the real window: dropped, saved, named, offered back; what is exported, and how large.

| what | where |
|---|---|
| drop of a session, a picture, a folder, a model | test_what_is_dropped_… |
| session, modified mark, recent files | test_saved_by_key_…, test_recent_sessions_… |
| autosave, offer to recover | test_half_a_minute_…; the offer: test_companions.py |
| names never overwrite | test_an_export_takes_the_next_free_name |
| estimate of size and free space | test_the_estimate_…; the refusal: test_images.py |
| export and range, record | test_export_follows_the_range, test_a_recording_by_key |
| metadata, write none, kinds | test_export_dialog.py |
| preferences, model dialog, offline | test_companions.py, test_dialogs.py |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.documents.session_file import load_session, save_session
from engine.export.contract import Plan
from engine.export.metadata import Provenance
from engine.export.open_export import open_export
from engine.walk import Exploration, Keyframe, NoiseSource, Walk
from tests.support.studio import Studio

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
OTHER = Exploration(
    walk=Walk(
        (Keyframe("a fox", NoiseSource(5, 2)), Keyframe("an owl", NoiseSource(2**64 - 1, 1))),
        frames=5,
    )
)


@pytest.fixture
def studio(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Studio]:
    studio = Studio(qapp, tmp_path, "dark")
    studio.finish()
    yield studio
    studio.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of exported pictures: frames 0 and 4 of OTHER."""
    plan = Plan(indices=(0, 4), describe=Provenance(OTHER).picture_text)
    with open_export(tmp_path / "frames", plan) as add:
        for index in (0, 4):
            add(index, [np.zeros((8, 8, 3), np.uint8)])
    return tmp_path / "frames"


def drop(studio: Studio, path: Path, over: QWidget) -> None:
    """Drag a file over a part of the window, as far as Qt goes without a mouse, and let go."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    place = over.mapTo(studio.window, over.rect().center())
    target: QWidget | None = over
    while target is not None and not target.acceptDrops():
        target = None if target.isWindow() else target.parentWidget()
    assert target is not None
    copy = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(place, copy, data, left, none)
    QApplication.sendEvent(target, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(target, QDropEvent(QPointF(place), copy, data, left, none))
    studio.wait(lambda: not studio.companions.documents.busy)


def choose(studio: Studio, text: str) -> None:
    """Take an entry of the menu that has opened, with the keyboard."""
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    action = next(a for a in menu.actions() if a.text() == text)
    menu.setActiveAction(action)
    QTest.keyClick(menu, Qt.Key.Key_Return)


def key(studio: Studio, which: Qt.Key, modifiers: Qt.KeyboardModifier = CONTROL) -> None:
    studio.window.activateWindow()  # a dialog may have been before it
    QApplication.processEvents()
    QTest.keyClick(studio.window, which, modifiers)


def parts(studio: Studio) -> list[QWidget]:
    """A part of the window of each kind."""
    window = studio.window
    prompt = next(w for w in window.findChildren(QWidget) if w.accessibleName() == "Prompt")
    return [window.frame_view, window.timeline, window.trajectory, window.measures, prompt]


# ── dropped ──────────────────────────────────────────────────────────────────────────────────


def test_what_is_dropped_on_any_part_opens(studio: Studio, tmp_path: Path) -> None:
    session = tmp_path / "walk.trail"
    save_session(session, OTHER)
    for part in parts(studio):
        studio.state.open_exploration(Exploration())
        drop(studio, session, part)
        assert studio.state.exploration == OTHER
    assert studio.window.windowTitle().startswith("walk")


@pytest.mark.parametrize("what", ["picture", "folder"])
def test_what_is_dropped_is_recalled_as_far_as_wanted(
    studio: Studio, pictures: Path, what: str
) -> None:
    path = pictures / "00004.png" if what == "picture" else pictures
    before = studio.state.exploration
    end = 1 if what == "picture" else 0  # a folder speaks by its first picture
    drop(studio, path, studio.window.frame_view)
    choose(studio, "Use only its noise")
    assert studio.state.exploration.walk.keyframes[0].noise == OTHER.walk.keyframes[end].noise
    assert studio.state.exploration.walk.keyframes[0].prompt == before.walk.keyframes[0].prompt
    key(studio, Qt.Key.Key_Z)
    drop(studio, path, studio.window.frame_view)
    choose(studio, "Use only its prompt")
    prompts = {keyframe.prompt for keyframe in studio.state.exploration.walk.keyframes}
    assert prompts == {OTHER.walk.keyframes[end].prompt}
    key(studio, Qt.Key.Key_Z)
    assert studio.state.exploration == before
    drop(studio, path, studio.window.frame_view)
    choose(studio, "Open its session")
    assert studio.state.exploration == OTHER
    assert studio.state.playhead == (4 if what == "picture" else 0)


def test_what_is_dropped_and_is_nothing_of_ours_is_said(studio: Studio, tmp_path: Path) -> None:
    file = tmp_path / "notes.png"
    file.write_text("no picture")
    before = studio.state.exploration
    drop(studio, file, studio.window.timeline)
    assert QApplication.activePopupWidget() is None
    assert studio.state.exploration == before
    assert len(studio.window.messages.texts) == 1


# ── sessions ─────────────────────────────────────────────────────────────────────────────────


def answer_dialog(path: Path) -> None:
    """Write a name into the file dialog that is about to open, and accept it."""

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog):
            QTimer.singleShot(10, answer)
            return
        dialog.findChild(QLineEdit, "fileNameEdit").setText(str(path))  # type: ignore[union-attr]
        dialog.accept()

    QTimer.singleShot(0, answer)


def test_saved_by_key_the_mark_goes_and_comes_back(studio: Studio, tmp_path: Path) -> None:
    window, state = studio.window, studio.state
    key(studio, Qt.Key.Key_K)
    assert window.isWindowModified()
    answer_dialog(tmp_path / "mine.trail")
    key(studio, Qt.Key.Key_S)
    assert not window.isWindowModified()
    assert window.windowTitle().startswith("mine[*]")
    assert load_session(tmp_path / "mine.trail") == state.exploration
    key(studio, Qt.Key.Key_Z)
    assert window.isWindowModified()
    key(studio, Qt.Key.Key_Z, CONTROL | SHIFT)
    assert not window.isWindowModified()
    state.edit_walk("Frames", frames=9)
    key(studio, Qt.Key.Key_S)  # asks nothing now
    assert load_session(tmp_path / "mine.trail").walk.frames == 9


def test_recent_sessions_are_in_the_menu(studio: Studio, tmp_path: Path) -> None:
    for name in ("first", "second"):
        save_session(tmp_path / f"{name}.trail", replace(OTHER, fps=8.0 if name == "first" else 9))
        studio.companions.documents.open(tmp_path / f"{name}.trail")
        studio.wait(lambda: not studio.companions.documents.busy)
    recent = next(
        menu for menu in studio.window.findChildren(QMenu) if menu.title() == "Open &recent"
    )
    recent.aboutToShow.emit()
    assert [a.text() for a in recent.actions()][:2] == ["second", "first"]
    recent.actions()[1].trigger()
    studio.wait(lambda: not studio.companions.documents.busy)
    assert studio.state.exploration.fps == 8.0


def test_half_a_minute_after_an_edit_there_is_a_copy(studio: Studio, tmp_path: Path) -> None:
    recovery = studio.companions.recovery
    timer = recovery.findChild(QTimer)
    assert timer is not None
    assert (timer.interval(), timer.isActive()) == (30_000, True)
    key(studio, Qt.Key.Key_K)
    timer.timeout.emit()
    studio.wait(lambda: any(tmp_path.rglob("recovery/*.trail")))
    assert load_session(next(tmp_path.rglob("recovery/*.trail"))) == studio.state.exploration


# ── dialogs ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("export", "export"),
        ("model", "model"),
        ("preferences", "preferences"),
        ("shortcuts", "shortcuts"),
        ("about", "about"),
        ("log", "log"),
    ],
)
def test_every_control_of_a_dialog_says_what_it_does(
    studio: Studio, name: str, action: str
) -> None:
    studio.window.actions_table[action].trigger()
    dialog = getattr(studio.companions, name)
    kinds = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QSlider, QPlainTextEdit)
    for widget in dialog.findChildren(QWidget):
        part = isinstance(widget.parentWidget(), QComboBox | QAbstractSpinBox | QLineEdit)
        if not isinstance(widget, kinds) or part or widget.objectName().startswith("qt_"):
            continue
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        assert widget.accessibleName() or text, widget
        assert widget.toolTip() or text == "Close", (widget, text, widget.accessibleName())


# ── exported ─────────────────────────────────────────────────────────────────────────────────


def export(studio: Studio, kind: str) -> str:
    """Export by key as it is chosen; what the dialog says at the end."""
    key(studio, Qt.Key.Key_E)
    dialog = studio.companions.export
    dialog.form.kind.choose(kind)
    QTest.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)
    studio.wait(dialog.export_button.isEnabled)
    return dialog.outcome.text()


def test_an_export_takes_the_next_free_name(studio: Studio, tmp_path: Path) -> None:
    studio.state.edit_walk("Frames", frames=3)
    studio.finish()
    for expected in ("walk.mp4", "walk-2.mp4", "walk-3.mp4"):
        assert export(studio, "mp4").endswith(expected)
    for expected in ("walk", "walk-2"):
        assert export(studio, "pictures").endswith(expected)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"walk.mp4", "walk-2.mp4", "walk-3.mp4", "walk", "walk-2"} <= names


def test_export_follows_the_range(studio: Studio, tmp_path: Path) -> None:
    for frame, which in ((4, Qt.Key.Key_I), (6, Qt.Key.Key_O)):
        studio.state.seek(frame)
        key(studio, which, Qt.KeyboardModifier.NoModifier)
    export(studio, "pictures")
    names = sorted(path.name for path in (tmp_path / "out" / "walk").glob("*.png"))
    assert names == ["00004.png", "00005.png", "00006.png"]


def test_the_estimate_grows_with_what_is_exported(studio: Studio) -> None:
    key(studio, Qt.Key.Key_E)
    dialog = studio.companions.export
    dialog.form.kind.choose("pictures")
    whole = dialog.form.estimate.text()
    assert "GB free" in whole
    dialog.form.span.setCurrentIndex(1)
    assert megabytes(dialog.form.estimate.text()) < megabytes(whole)
    studio.state.edit_sampling("Size", width=1024, height=1024)
    dialog.form.span.setCurrentIndex(0)
    assert megabytes(dialog.form.estimate.text()) > 10 * megabytes(whole)


def megabytes(estimate: str) -> float:
    return float(estimate.split("about ")[1].split(" MB")[0])


def test_a_recording_by_key(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(monotonic=partial(next, count(0.0, 0.25)))  # pictures enough for a walk
    monkeypatch.setattr("gui.export.recorder.time", clock)
    button = studio.window.toolbar.record
    key(studio, Qt.Key.Key_R, CONTROL | SHIFT)
    assert button.isChecked()
    assert button.text() == "REC 0:00"
    film = tmp_path / "out" / "recording.mp4"
    for x in (400, 440, 480, 520, 560):
        QTest.mouseClick(studio.window.timeline, Qt.MouseButton.LeftButton, pos=QPoint(x, 60))
        studio.window.frame_view.grab()  # what is recorded is what was painted last
        studio.companions.recorder.sample()
    assert button.text().startswith("REC 0:0")
    assert button.text() > "REC 0:00"
    key(studio, Qt.Key.Key_R, CONTROL | SHIFT)
    studio.wait(film.is_file)
    assert not button.isChecked()
    assert button.text() == "Record"
    studio.wait(lambda: bool(studio.window.messages.texts))
    assert studio.window.messages.texts == [f"Recorded to {film}."]
    assert load_session(film.with_suffix(".trail")).walk.segments >= 1


def test_the_first_recording_asks_where_to(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, films = ["", str(tmp_path / "films")], tmp_path / "films"
    films.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: answers.pop(0))
    studio.settings.set_preferences(replace(studio.settings.preferences, recording_folder=""))
    key(studio, Qt.Key.Key_R, CONTROL | SHIFT)  # answered by Cancel
    assert not studio.window.toolbar.record.isChecked()
    assert studio.window.toolbar.record.text() == "Record"
    for name in ("recording.mp4", "recording-2.mp4"):  # the second one asks no more
        key(studio, Qt.Key.Key_R, CONTROL | SHIFT)
        assert studio.window.toolbar.record.isChecked()
        studio.window.frame_view.grab()
        studio.companions.recorder.sample()
        key(studio, Qt.Key.Key_R, CONTROL | SHIFT)
        studio.wait((films / name).is_file)
    assert answers == []
    assert studio.settings.preferences.recording_folder == str(films)


def test_a_figure_for_a_paper_by_key(studio: Studio, tmp_path: Path) -> None:
    studio.finish()
    studio.window.measures.show_measures(("latent_std",))
    key(studio, Qt.Key.Key_E, CONTROL | SHIFT)
    dialog = studio.companions.export
    assert dialog.form.kind.currentText() == "Figure for a paper, PDF"
    assert not dialog.form.metadata.isVisible()
    dialog.export_button.click()
    studio.wait(dialog.export_button.isEnabled)
    figure = tmp_path / "out" / "walk.figure.pdf"
    assert dialog.outcome.text() == f"Written: {figure}"
    assert figure.read_bytes().startswith(b"%PDF-")
    assert load_session(figure.with_suffix(".trail")) == studio.state.exploration
    assert sorted(p.name for p in figure.parent.iterdir()) == [
        "walk.figure.pdf",
        "walk.figure.trail",
    ]
