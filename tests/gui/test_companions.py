"""The whole window with its files, dialogs and preferences, on a scripted engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.documents.presets import find_preset
from engine.documents.session_file import load_session, save_session
from engine.export.recall import recall
from engine.models.inspection.report import ModelForm, ModelReport
from engine.view import ViewMode
from engine.walk import (
    ARTICLE_PROMPT,
    STARTER,
    Exploration,
    Keyframe,
    NoiseSource,
    Walk,
    lanes_of,
)
from gui.files.settings import Preferences, Settings
from gui.widgets.theme import DARK, LIGHT
from tests.support.studio import Studio

CONTROL = Qt.KeyboardModifier.ControlModifier


def experiment(studio: Studio, title: str) -> None:
    menu = studio.window.menus["E&xperiments"]
    next(action for action in menu.actions() if action.text() == title).trigger()


def test_an_experiment_is_one_click_and_undone_by_one(studio: Studio) -> None:
    before = studio.state.exploration
    experiment(studio, "Three methods side by side")
    assert len(studio.state.exploration.compare) == 3
    assert studio.state.exploration.mode is ViewMode.COMPARE
    studio.state.history.undo()
    assert studio.state.exploration == before
    assert studio.state.exploration.mode is ViewMode.SINGLE


def test_an_experiment_keeps_my_prompt_and_noise_if_i_ask(studio: Studio) -> None:
    state = studio.state
    mine = tuple(Keyframe("a fox", NoiseSource(5, draw)) for draw in (2, 4))
    state.edit(replace(state.exploration, walk=Walk(mine)), "Mine")
    experiment(studio, "With my prompt and noise")
    experiment(studio, "Three methods side by side")
    walk = state.exploration.walk
    assert [(k.prompt, k.noise) for k in walk.keyframes] == [(k.prompt, k.noise) for k in mine]
    assert len(state.exploration.compare) == 3
    assert state.exploration.scoring_text == ""
    experiment(studio, "With my prompt and noise")
    experiment(studio, "Three methods side by side")
    assert state.exploration.walk.keyframes[0].prompt == ARTICLE_PROMPT


def test_the_picture_under_the_mouse_is_saved_with_how_it_was_made(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.finish()
    studio.state.seek(2)
    view = studio.window.frame_view
    view.grab()
    asked: list[str] = []

    def choose(_parent: object, _title: str, start: str, _kinds: str) -> tuple[str, str]:
        asked.append(Path(start).name)
        return str(tmp_path / "mine"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    view.customContextMenuRequested.emit(view.rect().center())
    menu = next(m for m in view.findChildren(QMenu) if m.isVisible())
    next(a for a in menu.actions() if a.text().startswith("Save picture")).trigger()
    menu.close()
    assert asked == ["frame-00003.png"]
    found = recall(tmp_path / "mine.png")
    exploration, origin = found.exploration, found.origin
    assert exploration == studio.state.exploration
    assert origin is not None
    assert (origin.lane, origin.index) == (0, 2)
    with Picture.open(tmp_path / "mine.png") as picture:
        assert np.array_equal(np.asarray(picture), view.panes()[0].image)


@pytest.mark.parametrize("asking", [True, False])
def test_a_saved_picture_never_has_the_text_of_a_later_walk(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asking: bool
) -> None:
    """The walk may change while the dialog asks for a name, and before: while the menu is open."""
    studio.finish()
    before, view = studio.state.exploration, studio.window.frame_view
    (pane,) = view.panes()

    def change() -> None:
        studio.state.edit_walk("Noise", keyframes=(Keyframe("a fox", NoiseSource(9)),) * 2)
        studio.finish()

    def choose(*_: object) -> tuple[str, str]:
        if asking:
            change()
        return str(tmp_path / "mine.png"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    if not asking:
        change()
    view.save_requested.emit(pane)
    with Picture.open(tmp_path / "mine.png") as picture:
        assert np.array_equal(np.asarray(picture), pane.image)
        assert ("parameters" in picture.info) == asking
    if asking:
        assert recall(tmp_path / "mine.png").exploration == before


def test_the_toy_experiment_shows_the_toy(studio: Studio) -> None:
    experiment(studio, "Toy trajectories")
    assert studio.window.trajectory.view_name == "toy"
    experiment(studio, "Three pairs of noise")
    assert studio.window.trajectory.view_name == "walk"
    assert studio.state.exploration.mode is ViewMode.SHEET


def test_translation_is_looked_at_in_its_latents(studio: Studio) -> None:
    experiment(studio, "Translation")
    assert studio.state.exploration.mode is ViewMode.LATENT


def test_every_experiment_opens(studio: Studio) -> None:
    for action in studio.window.menus["E&xperiments"].actions():
        if action.menu() is None and not action.isSeparator():
            action.trigger()
            assert action.toolTip() != action.text()
            studio.state.generate()
            assert studio.engine.requests[-1].lanes == lanes_of(studio.state.exploration)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("curves-png", "walk.measures.png"),
        ("curves-svg", "walk.measures.svg"),
        ("plot-png", "walk.plot.png"),
        ("plot-svg", "walk.plot.svg"),
        ("table", "walk.csv"),
        ("table-json", "walk.json"),
    ],
)
def test_the_analysis_can_be_taken_away(
    studio: Studio, tmp_path: Path, kind: str, name: str
) -> None:
    experiment(studio, "Three methods side by side")
    studio.finish()
    dialog = studio.companions.export
    dialog.open_now()
    dialog.form.kind.choose(kind)
    dialog.form.folder.chosen.emit(str(tmp_path))
    dialog.export_button.click()
    assert dialog.outcome.text() == f"Written: {tmp_path / name}"
    written = (tmp_path / name).read_bytes()
    assert written.startswith(b"\x89PNG") or b"slerp" in written or kind == "plot-svg"


def test_save_with_a_key_and_the_title_follows(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "cats.trail"
    save_session(path, Exploration())
    studio.companions.documents.open(path)
    studio.wait(lambda: not studio.companions.documents.busy)
    assert "cats" in studio.window.windowTitle()
    studio.state.edit_walk("Frames", frames=9)
    assert studio.window.isWindowModified()
    QTest.keyClick(studio.window, Qt.Key.Key_S, CONTROL)
    assert not studio.window.isWindowModified()
    assert load_session(path).walk.frames == 9


def test_another_model_brings_its_own_size(studio: Studio, tmp_path: Path) -> None:
    schedule = {"_class_name": "LCMScheduler"}
    report = ModelReport(
        tmp_path, form=ModelForm.FOLDER, family="stable-diffusion", schedule=schedule
    )
    studio.companions.use_model("/models/lcm", report)
    exploration = studio.state.exploration
    assert exploration.model == "/models/lcm"
    assert (exploration.sampling.steps, exploration.sampling.guidance) == (4, 1.0)
    studio.state.history.undo()
    assert studio.state.exploration.model == STARTER


def test_a_missing_model_is_offered_once_and_never_fetched_unasked(studio: Studio) -> None:
    studio.state.replace_exploration(Exploration(model="owner/name"))
    for _ in range(2):
        studio.state.generate()
        job = studio.engine.requests[-1].job
        studio.engine.post(m.JobFailed(job, "It is missing.", missing="owner/name"))
        studio.wait(lambda: not studio.state.busy)
    assert all(request.downloads == () for request in studio.engine.requests)
    (text,) = studio.window.messages.texts
    assert "owner/name, which is not on this machine" in text
    buttons = studio.window.messages.findChildren(type(studio.window.toolbar.model))
    next(b for b in buttons if b.text() == "Download from the hub…").click()
    dialog = studio.companions.model
    assert dialog.isVisible()
    assert dialog.hub.hub_id == "owner/name"
    assert dialog.use_button.text() == "Check model"
    dialog.close()


def test_a_missing_model_is_offered_no_longer_once_it_came(studio: Studio) -> None:
    studio.state.replace_exploration(Exploration(model="owner/name"))
    studio.state.generate()
    job = studio.engine.requests[-1].job
    studio.engine.post(m.JobFailed(job, "It is missing.", missing="owner/name"))
    studio.wait(lambda: bool(studio.window.messages.texts))
    studio.finish()  # it was downloaded in the model dialog
    assert studio.window.messages.texts == []


def test_a_model_that_came_is_used_with_the_walks_own_settings(
    studio: Studio, tmp_path: Path
) -> None:
    studio.state.replace_exploration(Exploration(model="owner/name"))
    before = studio.state.exploration
    asked = len(studio.engine.requests)
    studio.companions.use_model("owner/name", ModelReport(tmp_path, form=ModelForm.FOLDER))
    assert studio.state.exploration == before
    assert len(studio.engine.requests) == asked + 1


def test_the_theme_changes_while_the_window_is_open(studio: Studio) -> None:
    colour = studio.window.grab().toImage().pixelColor(3, 3)
    assert colour.name() == DARK.background
    studio.settings.set_preferences(replace(studio.settings.preferences, theme="light"))
    QCoreApplication.processEvents()
    assert studio.window.grab().toImage().pixelColor(3, 3).name() == LIGHT.background


def test_another_device_renders_again(studio: Studio) -> None:
    studio.finish()
    settings, asked = studio.settings, len(studio.engine.requests)
    settings.set_preferences(replace(settings.preferences, device="cpu", precision="bf16"))
    studio.wait(lambda: len(studio.engine.requests) > asked)
    request = studio.engine.requests[-1]
    assert (request.device, request.precision) == ("cpu", "bf16")


def test_the_model_dialog_shows_the_free_memory_of_the_device(studio: Studio) -> None:
    studio.companions.choose_model()
    dialog = studio.companions.model
    studio.wait(lambda: "8.0 GB are free" in dialog.details.text())
    assert dialog.hub.half, "downloads follow the precision of the device"
    dialog.close()


def test_keys_open_the_dialogs(studio: Studio) -> None:
    window, companions = studio.window, studio.companions
    QTest.keyClick(window, Qt.Key.Key_F1)
    assert companions.shortcuts.isVisible()
    companions.shortcuts.close()
    QTest.keyClick(window, Qt.Key.Key_E, CONTROL)
    assert companions.export.isVisible()
    companions.export.close()
    QTest.keyClick(window, Qt.Key.Key_M, CONTROL)
    assert companions.model.isVisible()
    companions.model.close()
    QTest.keyClick(window, Qt.Key.Key_Comma, CONTROL)
    assert companions.preferences.isVisible()
    companions.preferences.close()


def test_the_layout_comes_back(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    first = Studio(qapp, tmp_path, "dark")
    first.window.panels.docks["measures"].close()
    first.close()
    second = Studio(qapp, tmp_path, "dark")
    assert not second.window.panels.docks["measures"].isVisible()
    second.window.panels.reset()
    assert second.window.panels.docks["measures"].isVisible()
    second.close()


def test_safe_mode_leaves_the_layout_as_it_was(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    shown = []
    for safe in (False, True, False):
        studio = Studio(qapp, tmp_path, "dark", safe)
        dock = studio.window.panels.docks["measures"]
        shown.append(dock.isVisible())
        dock.close()
        if safe:
            studio.window.panels.reset()
        studio.close()
    assert shown == [True, True, False]


def test_a_walk_that_was_not_saved_is_offered(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    first = Studio(qapp, tmp_path, "dark")
    first.state.edit_walk("Frames", frames=9)
    first.close()
    second = Studio(qapp, tmp_path, "dark")
    assert second.window.messages.texts == ["The walk of the last session was not saved."]
    second.finish()
    assert second.window.messages.texts  # an offer stays when a job begins
    button = [
        b
        for b in second.window.messages.findChildren(type(second.window.toolbar.model))
        if b.text() == "Restore"
    ]
    button[0].click()
    assert second.state.exploration.walk.frames == 9
    assert second.window.isWindowModified()
    assert second.window.messages.texts == []
    second.close()


def test_preferences_are_kept(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    studio = Studio(qapp, tmp_path, "light")
    studio.close()
    kept = Settings(tmp_path / "settings.ini").preferences
    out = str(tmp_path / "out")
    assert kept == Preferences(theme="light", export_folder=out, recording_folder=out)


def test_an_experiment_with_even_steps_is_evened_out(studio: Studio) -> None:
    studio.companions.open_experiment(find_preset("loop-slerps"))
    assert not studio.companions.even_out.running
    studio.companions.open_experiment(find_preset("loop-spline"))
    assert studio.companions.even_out.running
