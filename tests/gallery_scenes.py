"""What the gallery shows, in an order that a person would come across it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolButton, QWidget

from engine.export.recall import Recalled
from engine.messages import FrameFailed, ModelLoading
from engine.models.inspection.check import STARTER_FOLDER
from engine.store.stored_frame import StoredFrame
from engine.walk import Exploration, MethodChoice
from gui.files.app_folders import AppFolders
from gui.files.file_look import Found
from gui.files.log_file import Log
from gui.state.walk_edits import appended, with_method, with_prompt
from tests.support.loopback_hub import MODEL
from tests.support.studio import Studio

Scene = tuple[str, QWidget]
LONG = ", ".join(["a very long prompt about a cat in the snow at night under a full moon"] * 6)


def scenes(studio: Studio) -> Iterator[Scene]:
    """Everything worth a look."""
    for part in (_start, _viewer, _plane, _measures, _walk, _bars, _export, _dialogs, _menus):
        yield from part(studio)


def _start(studio: Studio) -> Iterator[Scene]:
    window = studio.window
    yield "first-paint", window
    studio.engine.post(ModelLoading(1, "Downloading owner/model (2.6 GB)", 0.4))
    yield "loading", window
    studio.engine.play(60)
    yield "half-way", window
    studio.finish()
    studio.state.seek(24)
    yield "finished", window
    for name, dock in window.panels.docks.items():
        yield f"panel-{name}", dock
    window.resize(1024, 700)
    yield "small", window
    window.resize(1440, 900)


def _viewer(studio: Studio) -> Iterator[Scene]:
    window, state, actions = studio.window, studio.state, studio.window.actions_table
    actions["compare"].trigger()
    studio.finish()
    yield "compare", window
    actions["difference"].trigger()
    yield "difference", window
    _give_latents(studio)
    actions["latent"].trigger()
    yield "latents", window
    actions["single"].trigger()
    state.edit_walk("Frames", frames=7)
    actions["sheet"].trigger()
    studio.finish()
    yield "sheet", window
    actions["single"].trigger()
    state.history.undo()
    state.history.undo()
    studio.finish()
    actions["record"].trigger()
    yield "recording", window.toolbar
    actions["record"].trigger()


def _plane(studio: Studio) -> Iterator[Scene]:
    window, state = studio.window, studio.state
    state.ask_probe(0.35, -0.45)
    yield "point-of-the-plane", window
    state.ask_probe(0.75, 0.45)
    yield "point-at-the-edge", window.panels.docks["trajectory"]
    state.seek(25)
    window.trajectory.show_view("toy")
    yield "toy", window.panels.docks["trajectory"]
    window.trajectory.show_view("walk")


def _measures(studio: Studio) -> Iterator[Scene]:
    window = studio.window
    window.actions_table["compare"].trigger()
    window.measures.show_measures(("latent_std", "clip_score", "step_length"))
    studio.finish()
    window.panels.docks["trajectory"].hide()
    yield "measures-and-scoring", window
    table = next(b for b in window.measures.findChildren(QToolButton) if b.text() == "Table")
    table.click()
    yield "measures-table", window.panels.docks["measures"]
    window.panels.docks["trajectory"].show()
    window.measures.show_measures(("latent_std",))
    window.actions_table["single"].trigger()


def _walk(studio: Studio) -> Iterator[Scene]:
    window, state = studio.window, studio.state
    walk = appended(state.exploration.walk, lambda: 3936112375)
    walk = with_method(with_prompt(walk, "A photo of a dog", 2), MethodChoice("linear"), 1)
    state.edit(replace(state.exploration, walk=walk), "Three keyframes")
    studio.finish()
    yield "three-keyframes", window
    panel = window.walk_panel
    panel.verticalScrollBar().setValue(panel.verticalScrollBar().maximum())
    yield "walk-below", window.panels.docks["walk"]
    panel.verticalScrollBar().setValue(0)
    walk = replace(state.exploration.walk, keyframes=walk.keyframes[:2], methods=walk.methods[:1])
    state.edit(replace(state.exploration, walk=with_prompt(walk, LONG)), "A long prompt")
    yield "long-prompt", window.panels.docks["walk"]


def _bars(studio: Studio) -> Iterator[Scene]:
    window, state = studio.window, studio.state
    state.open_exploration(Exploration())
    state.generate()
    studio.engine.play(30)
    for index in (20, 21, 22):
        text = "This frame came out with values that are no numbers; use float32 and render again."
        studio.engine.post(FrameFailed(state.results.job, 0, index, text))
    state.seek(21)
    state.post("The disk is full; free some space and export again.", "errno 28")
    window.messages.offer(
        "The walk of the last session was not saved.", "Restore", lambda: None, lambda: None
    )
    yield "messages", window
    for button in window.messages.findChildren(QToolButton):
        if button.accessibleName() == "Close this message":
            button.click()
    studio.engine.play()


def _export(studio: Studio) -> Iterator[Scene]:
    export, state = studio.companions.export, studio.state
    export.open_now()
    for kind in ("mp4", "pictures", "sheet", "table"):
        export.form.kind.choose(kind)
        yield f"dialog-export-{kind}", export
    export.form.kind.choose("mp4")
    state.edit_walk("Frames", frames=31)
    export.start()
    studio.engine.play(40)
    yield "dialog-export-under-way", export
    studio.engine.play()
    studio.wait(lambda: export.open_button.isVisible())
    yield "dialog-export-written", export
    export.hide()


def _dialogs(studio: Studio) -> Iterator[Scene]:
    window, companions = studio.window, studio.companions
    companions.model.open_for("starter")
    models = companions.model.shelf.list
    studio.wait(lambda: models.count() > 1 and companions.model.use_button.isEnabled())
    yield "dialog-model", companions.model
    models.setCurrentRow(models.count() - 1)
    yield "dialog-model-broken", companions.model
    hub = companions.model.hub
    hub.name.setText(MODEL)
    hub.fetch()
    studio.wait(lambda: hub.checked)
    yield "dialog-model-looked-at", companions.model
    hub.fetch()
    studio.wait(lambda: hub.progress.value() > 0)
    yield "dialog-model-download", companions.model
    hub.cancel()
    studio.wait(lambda: not hub.busy)
    companions.model.hide()
    window.actions_table["preferences"].trigger()
    yield "dialog-preferences", companions.preferences
    companions.preferences.hide()
    window.actions_table["shortcuts"].trigger()
    yield "dialog-shortcuts", companions.shortcuts
    QTest.keyClicks(companions.shortcuts.search, "range")
    yield "dialog-shortcuts-narrowed", companions.shortcuts
    companions.shortcuts.hide()
    window.actions_table["speed"].trigger()
    companions.speed.profile.choose("slow-ends")
    yield "dialog-speed", companions.speed
    companions.speed.hide()
    for name in ("about", "log"):
        window.actions_table[name].trigger()
        yield f"dialog-{name}", getattr(companions, name)
        getattr(companions, name).hide()


def _menus(studio: Studio) -> Iterator[Scene]:
    window = studio.window
    for menu in window.menus.values():
        yield f"menu-{menu.title().replace('&', '').lower()}", menu
    view = window.frame_view
    view.customContextMenuRequested.emit(QPoint(50, 50))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    yield "menu-picture", menu
    menu.hide()
    yield "menu-of-a-drop", studio.companions.drops.menu(*_dropped(studio))


def _give_latents(studio: Studio) -> None:
    """Latents for the frame at the playhead of each lane; the script's frames have none."""
    rng = np.random.default_rng(0)
    for lane in studio.state.results.lanes:
        key = lane.keys[studio.state.playhead]
        noise, result = rng.standard_normal((2, 4, 16, 16)).astype(np.float32)
        image = studio.frames.images[key]
        studio.frames.frames[key] = StoredFrame(image, noise, result)


def fill_log(home: Path) -> None:
    """A log with what a start and a mishap write."""
    Log(AppFolders.within(home).log).start()
    logger = logging.getLogger("latent_trails")
    logger.info("the starter model is on the cpu")
    try:
        raise OSError(28, "No space left on device", "walk.mp4")
    except OSError:
        logger.exception("recording failed")


def fill_hub(home: Path) -> None:
    """A hub cache with a model that is whole and one that is not."""
    whole = home / "hub" / "models--owner--small-diffusion"
    (whole / "snapshots").mkdir(parents=True)
    os.symlink(STARTER_FOLDER, whole / "snapshots" / "0", target_is_directory=True)
    (whole / "blobs").mkdir()
    with open(whole / "blobs" / "weights", "wb") as file:
        file.truncate(2_580_000_000)
    (home / "hub" / "models--owner--unfinished").mkdir()


def _dropped(studio: Studio) -> tuple[Found, Recalled]:
    """A picture of ours as if it were dropped on the window."""
    recalled = Recalled(studio.state.exploration)
    return Found(Path("walk/00012.png"), recalled), recalled
