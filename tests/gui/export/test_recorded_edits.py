"""What a person changes while the viewer is recorded."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from engine.documents.session_file import load_session
from engine.geometry.noise import NoiseBank
from engine.geometry.plane_points import frame_keyframe
from engine.geometry.projection import describe
from engine.geometry.walk_path import WalkPath
from engine.view import ViewMode
from engine.walk import Keyframe, NoiseSource
from gui.export.recorder import Recorder
from tests.support.recording import Clock, recorded_state, recorded_view, show_pictures
from tests.support.scripted_state import request_for
from tests.support.texts import make_text


def test_an_edit_during_a_recording_leaves_its_walk(
    qtbot: QtBot, clock: Clock, tmp_path: Path
) -> None:
    """Until the new job knows its geometry, the viewer shows the picture before it."""
    state = recorded_state()
    view, before = recorded_view(qtbot, state), state.results.lanes[0]
    recorder = Recorder(state, lambda: tmp_path, view.shown)
    with qtbot.waitSignal(recorder.saved, timeout=10000) as saved:
        recorder.set_recording(True)
        state.seek(1)
        show_pictures(recorder, view, clock, 2)
        state.edit_walk("New noise", keyframes=(Keyframe("a cat", NoiseSource(9)),) * 2)
        state.begin_job(request_for(state.exploration, 2))
        show_pictures(recorder, view, clock, 2)
        texts = {"a cat": make_text(), "": make_text()}
        walk = state.results.lanes[0].lane.walk
        state.apply(describe(WalkPath(walk, NoiseBank((4, 6, 8)), texts), 2, 0))
        show_pictures(recorder, view, clock, 2)
        recorder.set_recording(False)
    keyframes = load_session(Path(saved.args[0]).with_suffix(".trail")).walk.keyframes
    assert frame_keyframe(before.lane.walk, before.path, 1) == keyframes[0]
    assert keyframes == (keyframes[0],) * 4 + (Keyframe("a cat", NoiseSource(9)),) * 2


def test_other_methods_during_a_recording_are_the_reason_why_it_has_no_walk(
    qtbot: QtBot, clock: Clock, tmp_path: Path
) -> None:
    state = recorded_state("linear", "slerp")
    view = recorded_view(qtbot, state, ViewMode.COMPARE)
    recorder = Recorder(state, lambda: tmp_path, view.shown)
    said: list[str] = []
    state.message_posted.connect(lambda text, _: said.append(text))
    with qtbot.waitSignal(recorder.saved, timeout=10000):
        recorder.set_recording(True)
        show_pictures(recorder, view, clock, 2)
        del state.results.lanes[1]
        show_pictures(recorder, view, clock, 2)
        recorder.set_recording(False)
    assert "the methods changed" in said[0]
