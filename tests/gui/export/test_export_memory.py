"""Exports with the real engine where memory holds only a few of the walk's frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.mailbox import JobControl
from engine.messages import Image
from engine.render.renderer import Renderer
from engine.requests import build_request
from engine.store.frame_store import FrameStore
from engine.thread import EngineThread
from engine.walk import Exploration, MethodChoice, Sampling, Walk
from gui.export.export_dialog import ExportDialog
from gui.export.export_plan import frame_kinds
from gui.files.settings import Preferences, Settings
from gui.session import Session
from gui.state.explorer_state import ExplorerState
from tests.support.tiny_models import make_tiny_model

PATIENCE_MS = 60_000
FRAMES = 30
COMPARED = (MethodChoice("linear"), MethodChoice("slerp"))
#: A picture of 32×32 and its two latents of 4×8×8.
FRAME_BYTES = 32 * 32 * 3 + 2 * 4 * 4 * 8 * 8


@pytest.fixture(scope="module")
def exploration(tmp_path_factory: pytest.TempPathFactory) -> Exploration:
    model = make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")
    sampling = Sampling(steps=2, guidance=4.0, width=32, height=32)
    return Exploration(str(model), Walk(frames=FRAMES), COMPARED, sampling=sampling)


@pytest.fixture(scope="module")
def expected(exploration: Exploration) -> dict[tuple[int, int], Image]:
    """The pictures of all frames, as they come from an engine that forgets nothing."""
    events = Renderer(FrameStore()).run(build_request(exploration, 1), JobControl())
    frames = [e for e in events if isinstance(e, m.FrameReady) and e.tier == m.Tier.FINAL]
    return {(frame.lane, frame.index): frame.image for frame in frames}


class Bench:
    """State, session, real engine and dialog, with memory for three frames."""

    def __init__(self, exploration: Exploration, folder: Path, qtbot: QtBot) -> None:
        self.qtbot, self.out = qtbot, folder / "out"
        store = FrameStore(memory_bytes=3 * FRAME_BYTES)
        self.state = ExplorerState(store, exploration)
        self.session = Session(self.state, lambda: EngineThread(store))
        settings = Settings(folder / "settings.ini")
        settings.set_preferences(Preferences(export_folder=str(self.out)))
        self.parent = QWidget()
        qtbot.addWidget(self.parent)
        missing = self.session.missing_frames
        self.dialog = ExportDialog(self.state, store, missing, settings, frame_kinds(), self.parent)
        self.session.start()

    def wait(self, until: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(until, timeout=PATIENCE_MS)

    def begin(self) -> None:
        """Start to export the pictures of all frames."""
        self.dialog.open_now()
        self.dialog.form.kind.choose("pictures")
        self.dialog.export_button.click()
        assert not self.dialog.export_button.isEnabled(), self.dialog.outcome.text()

    def finish(self) -> str:
        self.wait(self.dialog.export_button.isEnabled)
        return self.dialog.outcome.text()


@contextmanager
def bench_for(exploration: Exploration, folder: Path, qtbot: QtBot) -> Iterator[Bench]:
    bench = Bench(exploration, folder, qtbot)
    try:
        yield bench
    finally:
        bench.dialog.stop()
        assert bench.session.shutdown()


def assert_equal_pictures(folder: Path, expected: dict[tuple[int, int], Image]) -> None:
    written = {
        (lane, index): folder / name / f"{index:05d}.png"
        for lane, name in enumerate(("1 linear", "2 slerp"))
        for index in range(FRAMES)
    }
    assert set(folder.rglob("*.png")) == set(written.values())
    for key, path in written.items():
        with Pillow.open(path) as picture:
            assert np.array_equal(np.asarray(picture), expected[key]), path


def test_frames_that_memory_forgot_are_drawn_again(
    exploration: Exploration,
    expected: dict[tuple[int, int], Image],
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    with bench_for(exploration, tmp_path, qtbot) as bench:
        bench.wait(lambda: not bench.state.busy)
        bench.begin()
        assert bench.finish() == f"Written: {bench.out / 'walk'}"
        assert_equal_pictures(bench.out / "walk", expected)
        assert not bench.state.busy, "the window's walk was not rendered again"


def test_an_export_during_other_work_of_the_window_has_the_same_pixels(
    exploration: Exploration,
    expected: dict[tuple[int, int], Image],
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    """The export begins while the walk is rendered, which is edited, rendered and stopped."""
    with bench_for(exploration, tmp_path, qtbot) as bench:
        bench.wait(lambda: bool(bench.state.results.lanes[0].keys))
        bench.begin()
        bench.state.edit_walk("Frames", frames=7)
        bench.state.generate()
        bench.wait(lambda: not bench.state.busy)
        bench.state.edit_sampling("Steps", steps=40)
        bench.state.generate()
        bench.state.cancel()
        assert bench.finish() == f"Written: {bench.out / 'walk'}"
        assert_equal_pictures(bench.out / "walk", expected)


def test_a_reason_why_frames_do_not_come_is_said_in_the_dialog(
    exploration: Exploration, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_for(exploration, tmp_path, qtbot) as bench:
        bench.wait(lambda: not bench.state.busy)
        missing = str(tmp_path / "no-model")
        bench.state.edit(replace(exploration, model=missing), "Model")
        bench.begin()
        assert "no-model" in bench.finish()
        assert list(bench.out.iterdir()) == []
