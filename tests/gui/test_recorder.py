"""What the viewer shows is recorded: as a film that plays, and as a walk that can be rendered."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.noise import NoiseBank
from engine.path import Path as WalkPath
from engine.projection import describe
from engine.session_file import load_session
from engine.walk import ARTICLE_PROMPT, Exploration, Sampling, Walk, lanes_of
from gui.recorder import Recorder
from gui.state import ExplorerState

EXPLORATION = Exploration(
    walk=Walk(frames=5), sampling=Sampling(steps=4, guidance=1.0, width=64, height=48), fps=50.0
)


class Frames:
    """Pictures by key."""

    def image(self, key: str) -> m.Image | None:
        return np.full((48, 64, 3), 40 * int(key), np.uint8)


def _state() -> ExplorerState:
    state = ExplorerState(Frames(), EXPLORATION)
    lanes = lanes_of(EXPLORATION)
    state.begin_job(1, lanes)
    texts = {text: np.zeros((2, 3)) for text in (ARTICLE_PROMPT, "")}
    state.apply(describe(WalkPath(lanes[0].walk, NoiseBank((4, 6, 8)), texts), 1, 0))
    for k in range(5):
        image = np.zeros((48, 64, 3), np.uint8)
        state.apply(m.FrameReady(1, 0, k, k / 4, m.Tier.FINAL, str(k), image))
    return state


def _record(qtbot: QtBot, state: ExplorerState, folder: Path, samples: int) -> Path:
    """Seek through the walk, then look at a point of the plane, for `samples` pictures each."""
    recorder = Recorder(state, lambda: folder)
    with qtbot.waitSignal(recorder.saved, timeout=10000) as saved:
        recorder.set_recording(True)
        assert recorder.recording
        for index in (0, 2, 4):
            state.seek(index)
            qtbot.wait(20 * samples)
        tiny = np.full((6, 8, 3), 200, np.uint8)
        state.apply(m.ProbeReady(1, 0.2, 0.3, m.Tier.PREVIEW, 0.36, -9.0, tiny))
        qtbot.wait(20 * samples)
        recorder.set_recording(False)
    assert not recorder.recording
    return Path(saved.args[0])


def test_a_recording_plays_and_its_walk_goes_where_the_person_went(
    qtbot: QtBot, tmp_path: Path
) -> None:
    film = _record(qtbot, _state(), tmp_path, samples=4)
    with av.open(str(film)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert pictures[0].shape == (48, 64, 3)
    assert pictures[0].mean() < 20
    assert abs(pictures[-1].mean() - 200) < 12
    walk = load_session(film.with_suffix(".trail")).walk
    assert walk.frames == len(pictures)
    assert walk.keyframes[0].blend == ()
    assert walk.keyframes[-1].blend[0].weight != 0.0


def test_a_second_recording_does_not_overwrite_the_first(qtbot: QtBot, tmp_path: Path) -> None:
    films = {_record(qtbot, _state(), tmp_path, samples=2) for _ in range(2)}
    assert len(films) == 2
    assert all(film.exists() for film in films)


def test_a_folder_that_cannot_be_written_is_said_and_nothing_starts(
    qtbot: QtBot, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    state = _state()
    recorder = Recorder(state, lambda: blocked / "films")
    with qtbot.waitSignal(state.message_posted):
        recorder.set_recording(True)
    assert not recorder.recording


def test_a_recording_that_cannot_go_on_says_so_and_ends(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.export.video._even", lambda picture: 1 // 0)
    state = _state()
    recorder = Recorder(state, lambda: tmp_path)
    with qtbot.waitSignal(state.message_posted, timeout=10000) as said:
        recorder.set_recording(True)
    assert "ZeroDivisionError" in said.args[0]
    assert not recorder.recording
    assert not list(tmp_path.iterdir())


def test_a_recording_begun_at_once_leaves_the_one_before_its_own_walk(
    qtbot: QtBot, tmp_path: Path
) -> None:
    recorder = Recorder(_state(), lambda: tmp_path)
    recorder.set_recording(True)
    qtbot.wait(150)
    with qtbot.waitSignal(recorder.saved, timeout=10000) as saved:
        recorder.set_recording(False)
        recorder.set_recording(True)
    assert load_session(Path(saved.args[0]).with_suffix(".trail")).walk.frames > 2
    with qtbot.waitSignal(recorder.saved, timeout=10000):
        qtbot.wait(100)
        recorder.set_recording(False)
