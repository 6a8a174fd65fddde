"""Where pictures matter: the real window with the real engine and the starter model.

| what | where |
|---|---|
| first run: a walk is drawn, nothing asked, no network | test_the_first_run_draws_a_walk |
| session saved → `render --session` | test_the_command_line_renders_the_same_pixels |
| PNG exported → dropped on a fresh window | test_an_exported_picture_comes_back_in_a_fresh_window |
| MP4 as browsers and ffprobe want it | test_the_film_has_the_count_size_and_speed |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import main
from engine.documents.session_file import save_session
from engine.messages import Image
from engine.store.frame_store import FrameStore
from engine.thread import EngineThread
from engine.walk import Exploration
from gui.app import Program
from gui.files.app_folders import AppFolders
from gui.files.file_look import look_at
from gui.files.settings import Preferences, Settings

PATIENCE_MS = 60_000
#: The article's walk, small enough to be drawn in seconds; no whole number of macroblocks high.
SMALL = replace(
    Exploration(),
    walk=replace(Exploration().walk, frames=3),
    sampling=replace(Exploration().sampling, steps=2, width=64, height=72),
)


@contextmanager
def window(app: QApplication, folder: Path, exploration: Exploration) -> Iterator[Program]:
    """The program as a person starts it, with a home of its own."""
    folders = AppFolders.within(folder)
    settings = Settings(folders.settings)
    settings.set_preferences(Preferences(theme="dark", export_folder=str(folder / "out")))
    store = FrameStore()
    program = Program(app, exploration, store, lambda: EngineThread(store), settings, folders)
    program.window.show()
    try:
        yield program
    finally:
        program.session.shutdown()
        program.window.close()
        program.window.deleteLater()
        QCoreApplication.sendPostedEvents(program.window, QEvent.Type.DeferredDelete)
        program.appearance.deleteLater()
        program.deleteLater()
        vars(program).clear()


def finished(program: Program) -> Callable[[], bool]:
    """Whether everything is drawn, and everything beside the views is there."""

    def is_finished() -> bool:
        lanes = program.state.results.lanes
        drawn = bool(lanes) and all(len(lane.keys) == len(lane.tiers) for lane in lanes)
        return drawn and not program.state.busy and hasattr(program, "companions")

    return is_finished


def export(program: Program, kind: str, qtbot: QtBot) -> None:
    dialog = program.companions.export
    dialog.open_now()
    dialog.form.kind.choose(kind)
    dialog.export_button.click()
    qtbot.waitUntil(dialog.export_button.isEnabled, timeout=PATIENCE_MS)
    dialog.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def drawn(qapp: QApplication, qtbot: QtBot, home: Path) -> list[Image]:
    """The pictures of SMALL as the window shows them; its exports lie in `home`, written once."""
    with window(qapp, home, SMALL) as program:
        qtbot.waitUntil(finished(program), timeout=PATIENCE_MS)
        pictures = [shown(program, index) for index in range(3)]
        if not (home / "out").exists():
            for kind in ("pictures", "mp4"):
                export(program, kind, qtbot)
            save_session(home / "small.trail", program.state.exploration)
        assert program.window.messages.texts == []
    return pictures


def shown(program: Program, index: int) -> Image:
    """The picture at a frame, as the viewer has it."""
    program.state.seek(index)
    picture = program.window.frame_view.panes()[0].image
    assert picture is not None
    return picture


def pixels(path: Path) -> Image:
    with Pillow.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def test_the_first_run_draws_a_walk(drawn: list[Image]) -> None:
    assert [picture.shape for picture in drawn] == [(72, 64, 3)] * 3
    assert all(picture.std() > 5.0 for picture in drawn)
    assert not np.array_equal(drawn[0], drawn[2])


def test_the_command_line_renders_the_same_pixels(
    drawn: list[Image], home: Path, tmp_path: Path
) -> None:
    session, out = str(home / "small.trail"), tmp_path / "again"
    assert main.main(["render", "--session", session, "--out", str(out)]) == 0
    for index, picture in enumerate(drawn):
        assert np.array_equal(pixels(out / f"{index:05d}.png"), picture)
        assert np.array_equal(pixels(home / "out" / "walk" / f"{index:05d}.png"), picture)


def test_an_exported_picture_comes_back_in_a_fresh_window(
    drawn: list[Image], qapp: QApplication, qtbot: QtBot, home: Path, tmp_path: Path
) -> None:
    with window(qapp, tmp_path, replace(SMALL, walk=replace(SMALL.walk, frames=1))) as program:
        qtbot.waitUntil(finished(program), timeout=PATIENCE_MS)
        found = look_at(home / "out" / "walk" / "00001.png", program.state.exploration)
        assert found.recalled is not None
        menu = program.companions.drops.menu(found, found.recalled)
        menu.actions()[0].trigger()
        menu.deleteLater()
        qtbot.waitUntil(finished(program), timeout=PATIENCE_MS)
        assert program.state.exploration == SMALL
        assert program.state.playhead == 1
        assert np.array_equal(shown(program, 1), drawn[1])


def test_the_film_has_the_count_size_and_speed(drawn: list[Image], home: Path) -> None:
    film = home / "out" / "walk.mp4"
    data = film.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")  # it begins to play while it is fetched
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert context.profile in ("High", "Main", "Constrained Baseline")
        assert (context.width, context.height) == (64, 72)
        assert (stream.frames, stream.average_rate) == (3, 24)
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert len(frames) == 3
    for picture, frame in zip(drawn, frames, strict=True):
        assert np.abs(picture.astype(float) - frame).mean() < 12


def ready(program: Program) -> list[int]:
    """The finished frames of each lane."""
    return [len(lane.keys) for lane in program.state.results.lanes]


def test_what_is_known_of_a_walk_stays_while_jobs_begin_and_end(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    with window(qapp, tmp_path, SMALL) as program:
        state, actions = program.state, program.window.actions_table
        qtbot.waitUntil(finished(program), timeout=PATIENCE_MS)
        pictures = [shown(program, index) for index in range(3)]
        state.generate()
        assert ready(program) == [3]
        state.cancel()
        qtbot.waitUntil(lambda: not state.busy, timeout=PATIENCE_MS)
        assert ready(program) == [3]
        state.show_measures(("latent_std", "sharpness"))
        qtbot.waitUntil(lambda: np.isfinite(state.results.measured(0, "sharpness")).all())
        actions["compare"].trigger()
        qtbot.waitUntil(lambda: ready(program)[1:] == [3, 3], timeout=PATIENCE_MS)
        actions["single"].trigger()
        assert ready(program) == [3]
        assert np.isfinite(state.results.measured(0, "sharpness")).all()
        assert all(np.array_equal(shown(program, k), pictures[k]) for k in range(3))
        qtbot.waitUntil(finished(program), timeout=PATIENCE_MS)
        actions["compare"].trigger()
        assert ready(program) == [3, 3, 3]
