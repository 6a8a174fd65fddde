"""The atlas: what it asks for, when it waits, and that it goes on where it was."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QObject
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.atlas.grid import Area
from engine.walk import Exploration, Keyframe, NoiseSource, NoiseTerm
from gui.atlas.atlas import Atlas
from gui.session import Session
from gui.state.explorer_state import ExplorerState
from tests.support.scripted_engine import MemoryFrames, ScriptedEngine

AREA = Area(-1.0, -1.0, 1.0, 1.0)


def keyframe_at(x: float, y: float) -> Keyframe:
    return Keyframe("a", NoiseSource(1, 0), x, (NoiseTerm(NoiseSource(1, 1), y),))


class Desk:
    """State, session, scripted engine and atlas, without a window."""

    def __init__(self) -> None:
        frames = MemoryFrames()
        self.engine = engine = ScriptedEngine(frames)
        self.state = ExplorerState(frames, Exploration())
        self.session = Session(self.state, lambda: engine)
        self.atlas = Atlas(self.state)
        self.session.start()
        self.state.set_view(atlas=5)

    def play(self, count: int | None = None) -> None:
        self.engine.play(count)
        QCoreApplication.processEvents()

    def fill(self) -> None:
        self.atlas.fill(AREA, keyframe_at)

    @property
    def cells(self) -> list[m.RenderRequest]:
        return [request for request in self.engine.requests if request.job < m.NO_JOB]


@pytest.fixture
def desk(qapp: QObject) -> Desk:
    return Desk()


def test_it_waits_for_the_walk_and_then_fills_coarse_to_fine(desk: Desk, qtbot: QtBot) -> None:
    seen: list[object] = []
    desk.atlas.cell_ready.connect(lambda cell, _image: seen.append(cell))
    desk.fill()
    assert not desk.cells
    desk.play()
    qtbot.waitUntil(lambda: len(desk.cells) == 1)
    request = desk.cells[0]
    assert (request.in_order, request.previews, request.geometry) == (True, False, False)
    assert request.sampling == desk.state.exploration.sampling
    (lane,) = request.lanes
    assert lane.walk.frames == len(desk.atlas.wanted) == 81
    assert [k.scale for k in lane.walk.keyframes] == [x for x, _ in desk.atlas.wanted]
    desk.play()
    assert desk.atlas.note == "Atlas 81 of 81 · complete"
    assert set(seen) == set(desk.atlas.wanted)
    assert desk.atlas.image((0.25, -0.5)) is not None
    assert desk.atlas.keyframe((0.25, -0.5)) == keyframe_at(0.25, -0.5)


def _filling(desk: Desk, qtbot: QtBot, events: int = 12) -> None:
    desk.play()
    desk.fill()
    qtbot.waitUntil(lambda: len(desk.cells) == 1)
    desk.play(events)


def test_a_job_of_the_window_comes_first_and_the_atlas_goes_on_with_the_rest(
    desk: Desk, qtbot: QtBot
) -> None:
    _filling(desk, qtbot, 20)
    known = desk.atlas.known
    assert 0 < known < 81
    cells = desk.cells[0].job
    desk.state.generate()
    desk.engine.post(m.JobCancelled(cells))
    desk.play()
    qtbot.waitUntil(lambda: len(desk.cells) == 2)
    indices = desk.cells[1].indices
    assert indices is not None
    assert len(indices) == 81 - known
    desk.play()
    assert desk.atlas.known == 81


def test_pause_stops_at_once_and_continue_asks_for_the_rest(desk: Desk, qtbot: QtBot) -> None:
    _filling(desk, qtbot, 20)
    known = desk.atlas.known
    desk.atlas.pause()
    desk.play()
    assert desk.atlas.note == f"Atlas {known} of 81 · paused"
    desk.fill()
    assert len(desk.cells) == 1
    desk.atlas.resume()
    assert desk.cells[1].lanes[0].walk.frames == 81 - known


def test_cancel_pauses_the_atlas(desk: Desk, qtbot: QtBot) -> None:
    _filling(desk, qtbot)
    assert (desk.state.busy, desk.state.cells_busy) == (False, True)
    desk.state.cancel()
    QCoreApplication.processEvents()
    assert desk.atlas.paused
    assert not desk.state.cells_busy
    assert desk.atlas.note.endswith("paused")


@pytest.mark.parametrize("stop", ["complete", "pause", "another document"])
def test_cells_are_at_work_until_the_atlas_is_complete_or_stopped(
    desk: Desk, qtbot: QtBot, stop: str
) -> None:
    _filling(desk, qtbot)
    assert desk.state.cells_busy
    match stop:
        case "complete":
            desk.play()
        case "pause":
            desk.atlas.pause()
        case _:
            desk.state.open_exploration(Exploration())
    assert not desk.state.cells_busy


def test_zoom_refines_and_keeps_what_is_known(desk: Desk, qtbot: QtBot) -> None:
    _filling(desk, qtbot)
    desk.play()
    half = Area(-0.5, -0.5, 0.5, 0.5)
    desk.atlas.fill(half, keyframe_at)
    assert len(desk.atlas.wanted) == 81
    assert desk.atlas.known == 25
    assert desk.cells[1].lanes[0].walk.frames == 56
    desk.atlas.fill(half, keyframe_at)
    assert len(desk.cells) == 2


def test_it_waits_for_a_point_that_is_awaited(desk: Desk, qtbot: QtBot) -> None:
    desk.play()
    desk.state.probe_requested.disconnect()
    desk.state.ask_probe(0.1, 0.1)
    desk.fill()
    assert not desk.cells
    desk.state.leave_point()
    qtbot.waitUntil(lambda: len(desk.cells) == 1)


def test_another_walk_empties_the_atlas(desk: Desk, qtbot: QtBot) -> None:
    _filling(desk, qtbot)
    desk.play()
    with qtbot.waitSignal(desk.atlas.cleared):
        desk.state.edit_sampling("Steps", steps=7)
        desk.fill()
    assert desk.atlas.known == 0


def test_another_document_is_not_paused(desk: Desk, qtbot: QtBot) -> None:
    _filling(desk, qtbot)
    desk.atlas.pause()
    exploration = desk.state.exploration
    desk.state.open_exploration(exploration)
    assert (desk.atlas.paused, desk.atlas.known) == (False, 0)
    desk.play()
    desk.fill()
    qtbot.waitUntil(lambda: len(desk.cells) == 2)


def test_no_atlas_in_the_view_asks_for_nothing(desk: Desk, qtbot: QtBot) -> None:
    _filling(desk, qtbot)
    desk.state.set_view(atlas=0)
    desk.fill()
    assert (desk.atlas.wanted, desk.atlas.note) == ((), "")


def test_a_failure_is_said_in_the_note(desk: Desk, qtbot: QtBot) -> None:
    _filling(desk, qtbot)
    desk.engine.post(m.JobFailed(desk.cells[0].job, "The disk is full."))
    QCoreApplication.processEvents()
    assert desk.atlas.note.endswith(": The disk is full.")


def test_the_cells_after_one_that_failed_are_kept(desk: Desk, qtbot: QtBot) -> None:
    _filling(desk, qtbot)
    known = desk.atlas.known
    desk.engine.post(m.FrameFailed(desk.cells[0].job, 0, 80, "This cell is broken."))
    desk.play(20)
    assert desk.atlas.known > known
    assert desk.atlas.note.endswith(": This cell is broken.")
    assert len(desk.cells) == 1


def test_a_place_that_is_no_sum_of_keyframes_is_left_out(desk: Desk, qtbot: QtBot) -> None:
    desk.play()
    desk.atlas.fill(AREA, lambda x, y: keyframe_at(x, y) if x > 0 else None)
    qtbot.waitUntil(lambda: len(desk.cells) == 1)
    assert desk.cells[0].lanes[0].walk.frames == 36
