"""What the viewer shows is recorded: as a film that plays, and as a walk that can be rendered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.documents.session_file import load_session
from engine.geometry.keyframe_planes import mix_of_keyframes
from engine.geometry.noise import NoiseBank
from engine.geometry.projection import describe
from engine.geometry.walk_path import WalkPath
from engine.view import ViewMode
from engine.walk import (
    ARTICLE_PROMPT,
    Keyframe,
    MethodChoice,
    NoiseSource,
    NoiseTerm,
    Walk,
    lanes_of,
)
from gui.export.recorder import Recorder
from gui.state.explorer_state import ExplorerState
from tests.support.recording import (
    EXPLORATION,
    Clock,
    recorded_state,
    recorded_view,
    show_pictures,
)
from tests.support.texts import make_text


def _record(
    qtbot: QtBot,
    clock: Clock,
    state: ExplorerState,
    folder: Path,
    samples: int,
    mode: ViewMode = ViewMode.SINGLE,
) -> Path:
    """Seek through the walk, then look at a point of the plane, for `samples` pictures each."""
    view = recorded_view(qtbot, state, mode)
    recorder = Recorder(state, lambda: folder, view.shown)
    with qtbot.waitSignal(recorder.saved, timeout=10000) as saved:
        recorder.set_recording(True)
        assert recorder.recording
        for index in (0, 2, 4):
            state.seek(index)
            show_pictures(recorder, view, clock, samples)
        tiny = np.full((6, 8, 3), 200, np.uint8)
        state.apply(m.ProbeReady(1, 0.2, 0.3, m.Tier.PREVIEW, 0.36, -9.0, tiny))
        show_pictures(recorder, view, clock, samples)
        recorder.set_recording(False)
    assert not recorder.recording
    return Path(saved.args[0])


def _pictures(film: Path) -> list[m.Image]:
    with av.open(str(film)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_a_recording_plays_and_its_walk_goes_where_the_person_went(
    qtbot: QtBot, clock: Clock, tmp_path: Path
) -> None:
    film = _record(qtbot, clock, recorded_state(), tmp_path, samples=4)
    pictures = _pictures(film)
    assert len(pictures) == 16
    assert pictures[0].shape == (48, 64, 3)
    assert pictures[0].mean() < 20
    assert abs(pictures[-1].mean() - 200) < 12
    walk = load_session(film.with_suffix(".trail")).walk
    assert walk.frames == len(pictures)
    assert walk.keyframes[0].blend == ()
    assert walk.keyframes[-1].blend[0].weight != 0.0


def test_compared_methods_are_recorded_side_by_side_and_each_has_its_walk(
    qtbot: QtBot, clock: Clock, tmp_path: Path
) -> None:
    state = recorded_state("linear", "slerp")
    film = _record(qtbot, clock, state, tmp_path, samples=4, mode=ViewMode.COMPARE)
    pictures = _pictures(film)
    assert pictures[0].shape == (16 + 48, 2 * 64 + 2, 3)
    left, right = (pictures[0][20:, k : k + 40].mean() for k in (10, 80))
    assert (left < 20, right > 20) == (True, True)
    session = load_session(film.with_suffix(".trail"))
    assert [lane.walk.frames for lane in lanes_of(session)] == [len(pictures)] * 2
    linear, slerp = ({k.scale for k in lane.walk.keyframes} for lane in lanes_of(session))
    assert pytest.approx(min(linear, key=lambda s: abs(s - 0.5)), abs=1e-6) == 0.5
    assert pytest.approx(min(slerp, key=lambda s: abs(s - 0.5**0.5)), abs=0.02) == 0.5**0.5


def test_the_lane_that_is_shown_alone_is_the_one_recorded(
    qtbot: QtBot, clock: Clock, tmp_path: Path
) -> None:
    state = recorded_state("linear", "slerp")
    view = recorded_view(qtbot, state)
    state.set_view(lane=1)
    recorder = Recorder(state, lambda: tmp_path, view.shown)
    state.seek(2)
    with qtbot.waitSignal(recorder.saved, timeout=10000) as saved:
        recorder.set_recording(True)
        show_pictures(recorder, view, clock, 3)
        recorder.set_recording(False)
    film = Path(saved.args[0])
    assert _pictures(film)[-1].mean() == pytest.approx(120, abs=12)
    session = load_session(film.with_suffix(".trail"))
    assert session.rows == ()
    assert session.walk.keyframes[-1].scale == pytest.approx(0.5**0.5, abs=0.02)


def test_differences_and_sheets_are_recorded_as_they_are_seen(
    qtbot: QtBot, clock: Clock, tmp_path: Path
) -> None:
    sizes = {}
    for mode in (ViewMode.DIFFERENCE, ViewMode.SHEET):
        state = recorded_state("linear", "slerp")
        film = _record(qtbot, clock, state, tmp_path, samples=2, mode=mode)
        sizes[mode] = _pictures(film)[0].shape
    assert sizes[ViewMode.DIFFERENCE] == (16 + 48, 2 * 64 + 2, 3)
    assert sizes[ViewMode.SHEET] == (2 * (16 + 48) + 2, 5 * 66 - 2, 3)


LONG = Walk(
    (
        Keyframe(noise=NoiseSource(1, 0)),
        Keyframe("a dog", NoiseSource(1, 1), 0.5),
        Keyframe("a dog", NoiseSource(2, 0), 1.0, (NoiseTerm(NoiseSource(1, 0), 0.3),)),
    ),
    (MethodChoice("slerp"), MethodChoice("linear")),
    frames=5,
)


def test_a_walk_of_several_keyframes_and_prompts_is_recorded_with_its_walk(
    qtbot: QtBot, clock: Clock, tmp_path: Path
) -> None:
    state = recorded_state(exploration=replace(EXPLORATION, walk=LONG))
    view = recorded_view(qtbot, state)
    recorder = Recorder(state, lambda: tmp_path, view.shown)
    with qtbot.waitSignal(recorder.saved, timeout=10000) as saved:
        recorder.set_recording(True)
        for index in range(5):
            state.seek(index)
            show_pictures(recorder, view, clock, 1)
        recorder.set_recording(False)
    walk = load_session(Path(saved.args[0]).with_suffix(".trail")).walk
    texts = dict.fromkeys((ARTICLE_PROMPT, "a dog", ""), make_text())
    seen, again = (WalkPath(each, NoiseBank((4, 6, 8)), texts) for each in (LONG, walk))
    assert len(walk.keyframes) == 5
    for index in range(5):
        assert np.allclose(again.keyframe(index), seen.exact_latent(index / 4), atol=1e-6)
    assert [k.prompt for k in walk.keyframes] == [ARTICLE_PROMPT] * 2 + ["a dog"] * 3


def test_latents_that_are_no_sums_of_keyframes_have_no_weights(tmp_path: Path) -> None:
    walk = replace(Walk(frames=3), methods=(MethodChoice("translation"),))
    texts = dict.fromkeys((ARTICLE_PROMPT, ""), make_text())
    weights = describe(WalkPath(walk, NoiseBank((4, 6, 8)), texts), 1, 0).weights
    assert weights is not None
    assert np.isnan(weights[1]).all()
    assert np.allclose(weights[[0, 2]], [[1, 0], [0, 1]])


def test_a_recording_can_be_larger_than_was_drawn(
    qtbot: QtBot, clock: Clock, tmp_path: Path
) -> None:
    state = recorded_state()
    view = recorded_view(qtbot, state)
    recorder = Recorder(state, lambda: tmp_path, view.shown, lambda: 2)
    with qtbot.waitSignal(recorder.saved, timeout=10000) as saved:
        recorder.set_recording(True)
        show_pictures(recorder, view, clock, 2)
        recorder.set_recording(False)
    assert _pictures(Path(saved.args[0]))[0].shape == (96, 128, 3)


@pytest.mark.parametrize("crisp", [False, True])
def test_previews_are_recorded_as_smooth_as_the_viewer_shows_them(
    qtbot: QtBot, clock: Clock, tmp_path: Path, crisp: bool
) -> None:
    state = recorded_state()
    state.set_view(crisp=crisp)
    view = recorded_view(qtbot, state)
    recorder = Recorder(state, lambda: tmp_path, view.shown)
    blocks = np.zeros((6, 8, 3), np.uint8)
    blocks[:, 4:] = 255
    state.apply(m.ProbeReady(1, 0.2, 0.3, m.Tier.PREVIEW, 0.36, -9.0, blocks))
    with qtbot.waitSignal(recorder.saved, timeout=10000) as saved:
        recorder.set_recording(True)
        show_pictures(recorder, view, clock, 4)
        recorder.set_recording(False)
    row = _pictures(Path(saved.args[0]))[-1][24, :, 1].astype(int)
    between = ((row > 60) & (row < 190)).sum()
    assert (between <= 2) if crisp else (between >= 3)


def test_points_of_any_plane_and_mixes_are_recorded_as_keyframes(
    qtbot: QtBot, clock: Clock, tmp_path: Path
) -> None:
    state = recorded_state()
    path = state.results.lanes[0].path
    assert path is not None
    state.results.lanes[0].path = replace(path, exact=False)  # the plane of the path is not exact
    view = recorded_view(qtbot, state)
    recorder = Recorder(state, lambda: tmp_path, view.shown)
    weights = np.array([(0.9, 0.1), (0.5, 0.5), (-0.2, 1.1)])
    points = [mix_of_keyframes(state.exploration.walk, pair) for pair in weights]
    picture = np.full((6, 8, 3), 90, np.uint8)
    with qtbot.waitSignal(recorder.saved, timeout=10000) as saved:
        recorder.set_recording(True)
        for serial, point in enumerate(points, 1):
            tier = m.Tier.DRAFT if serial < 3 else m.Tier.FINAL
            state.apply(m.ProbeReady(serial, 0.1 * serial, 0.0, tier, 1.0, 0.0, picture, point))
            show_pictures(recorder, view, clock, 1)
        recorder.set_recording(False)
    walk = load_session(Path(saved.args[0]).with_suffix(".trail")).walk
    assert list(walk.keyframes) == points


def test_where_some_of_it_lies_in_no_plane_the_film_comes_alone_and_that_is_said(
    qtbot: QtBot, clock: Clock, tmp_path: Path
) -> None:
    state = recorded_state()
    path = state.results.lanes[0].path
    assert path is not None
    state.results.lanes[0].path = replace(path, exact=False, weights=None)
    said: list[str] = []
    state.message_posted.connect(lambda text, _: said.append(text))
    film = _record(qtbot, clock, state, tmp_path, samples=2)
    assert not film.with_suffix(".trail").exists()
    assert "but no session" in said[0]


@pytest.mark.parametrize(
    ("pauses", "pictures"),
    [
        ((), 1),
        ((1 / 64,), 2),
        ((1 / 64, 0.25), 18),
        ((1 / 64, 0.25, 52.5), 19),  # the machine was asleep
        ((1 / 64, 0.25, 52.5, 1 / 64, 0.25), 36),
    ],
)
def test_a_film_keeps_up_with_a_slow_window_and_leaves_pauses_out(
    qtbot: QtBot, clock: Clock, tmp_path: Path, pauses: tuple[float, ...], pictures: int
) -> None:
    state = recorded_state()
    recorder = Recorder(state, lambda: tmp_path, recorded_view(qtbot, state).shown)
    with qtbot.waitSignal(recorder.saved, timeout=10000) as saved:
        recorder.set_recording(True)
        recorder.sample()
        for pause in pauses:
            clock.now += pause
            recorder.sample()
        recorder.set_recording(False)
    assert len(_pictures(Path(saved.args[0]))) == pictures


def test_a_second_recording_does_not_overwrite_the_first(
    qtbot: QtBot, clock: Clock, tmp_path: Path
) -> None:
    films = {_record(qtbot, clock, recorded_state(), tmp_path, samples=2) for _ in range(2)}
    assert len(films) == 2
    assert all(film.exists() for film in films)


def test_a_folder_that_cannot_be_written_is_said_and_nothing_starts(
    qtbot: QtBot, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    state = recorded_state()
    recorder = Recorder(state, lambda: blocked / "films", recorded_view(qtbot, state).shown)
    with qtbot.waitSignal(state.message_posted):
        recorder.set_recording(True)
    assert not recorder.recording


def test_a_recording_that_cannot_go_on_says_so_and_ends(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.export.recorder.open_export", lambda *_: 1 // 0)
    state = recorded_state()
    recorder = Recorder(state, lambda: tmp_path, recorded_view(qtbot, state).shown)
    with qtbot.waitSignal(state.message_posted, timeout=10000) as said:
        recorder.set_recording(True)
    assert "ZeroDivisionError" in said.args[0]
    assert not recorder.recording
    assert not list(tmp_path.iterdir())


def test_a_recording_begun_at_once_leaves_the_one_before_its_own_walk(
    qtbot: QtBot, clock: Clock, tmp_path: Path
) -> None:
    state = recorded_state()
    view = recorded_view(qtbot, state)
    recorder = Recorder(state, lambda: tmp_path, view.shown)
    recorder.set_recording(True)
    show_pictures(recorder, view, clock, 4)
    with qtbot.waitSignal(recorder.saved, timeout=10000) as saved:
        recorder.set_recording(False)
        recorder.set_recording(True)
    assert load_session(Path(saved.args[0]).with_suffix(".trail")).walk.frames == 4
    with qtbot.waitSignal(recorder.saved, timeout=10000):
        show_pictures(recorder, view, clock, 2)
        recorder.set_recording(False)


def test_a_single_picture_is_a_film_and_no_walk(qtbot: QtBot, clock: Clock, tmp_path: Path) -> None:
    state = recorded_state()
    recorder = Recorder(state, lambda: tmp_path, recorded_view(qtbot, state).shown)
    with qtbot.waitSignal(state.message_posted, timeout=10000) as said:
        recorder.set_recording(True)
        recorder.sample()
        recorder.set_recording(False)
    assert "a single picture, and a walk needs two" in said.args[0]
    qtbot.waitUntil(lambda: [file.suffix for file in tmp_path.iterdir()] == [".mp4"])
