"""The link between state and engine: what is asked, when, and what is too late."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QObject, QTimer
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.requests import Machine, build_request
from engine.walk import Exploration, MethodChoice, lanes_of
from gui import session as session_module
from gui.app import machine_of
from gui.files.settings import Preferences
from gui.session import Session, is_typing
from gui.state.explorer_state import ExplorerState
from gui.state.walk_edits import DRAFT_STEPS
from tests.support.scripted_engine import MemoryFrames, ScriptedEngine


class Link:
    """State, session and engine, without a window."""

    def __init__(self) -> None:
        frames = MemoryFrames()
        self.engine = engine = ScriptedEngine(frames)
        self.state = ExplorerState(frames, Exploration())
        self.session = Session(self.state, lambda: engine)

    def finish(self) -> None:
        self.engine.play()
        QCoreApplication.processEvents()


def waits(link: Link) -> int:
    """Milliseconds until the session asks the engine; −1 where nothing is waited for."""
    return link.session.findChild(QTimer).remainingTime()


@pytest.fixture
def link(qapp: QObject) -> Link:
    link = Link()
    link.session.start()
    return link


def test_the_request_holds_all_that_influences_a_pixel() -> None:
    exploration = replace(
        Exploration(), compare=(MethodChoice("linear"), MethodChoice("slerp")), model="/m"
    )
    request = build_request(exploration, 7, ("clip_score",), Machine("cuda:0", "bf16"))
    assert (request.job, request.model) == (7, "/m")
    assert (request.device, request.precision) == ("cuda:0", "bf16")
    assert request.lanes == lanes_of(exploration)
    assert request.sampling == exploration.sampling
    assert request.measures == ("clip_score",)
    assert request.scoring_text == exploration.scoring_text


def test_what_is_not_measured_does_not_change_the_request() -> None:
    first = Exploration()
    second = replace(first, scoring_text="another", fps=12.0)
    assert build_request(first, 1) == build_request(second, 1)


def test_only_words_count_as_typing() -> None:
    first = Exploration()
    keyframes = tuple(replace(k, prompt="a dog") for k in first.walk.keyframes)
    assert is_typing(first, replace(first, walk=replace(first.walk, keyframes=keyframes)))
    assert is_typing(first, replace(first, walk=replace(first.walk, negative="blur")))
    assert not is_typing(first, replace(first, walk=replace(first.walk, frames=9)))
    assert not is_typing(first, first)


def test_a_session_is_in_no_reference_cycle(qapp: QObject) -> None:
    """Garbage collection runs on any thread, and would destroy its timers there."""
    gc.disable()
    try:
        link = Link()
        link.session.start()
        link.finish()
        session = weakref.ref(link.session)
        link.session.shutdown()
        del link
        assert session() is None
    finally:
        gc.enable()


def test_the_start_renders_the_walk_by_itself(link: Link) -> None:
    assert link.engine.started
    assert [request.job for request in link.engine.requests] == [1]
    link.finish()
    assert not link.state.busy
    assert link.state.results.image(0, 0) is not None
    assert (link.state.results.lanes[0].tiers == m.Tier.FINAL).all()


def test_an_edit_before_the_start_is_rendered_by_the_start(qapp: QObject) -> None:
    link = Link()
    link.state.edit_walk("Frames", frames=5)
    link.session.start()
    assert [request.lanes[0].walk.frames for request in link.engine.requests] == [5]


def test_many_edits_become_one_request(link: Link, qtbot: QtBot) -> None:
    for frames in range(5, 30):
        link.state.edit_walk("Frames", "frames", frames=frames)
    qtbot.waitUntil(lambda: len(link.engine.requests) == 2)
    assert link.engine.requests[-1].lanes[0].walk.frames == 29
    link.state.history.undo()
    assert link.state.exploration == Exploration()


def test_words_are_waited_for_longer(
    link: Link, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "TYPING_MS", 100_000)
    link.state.edit_walk("Negative prompt", negative="b")
    assert waits(link) > 10_000
    link.state.edit_walk("Frames", frames=3)
    qtbot.waitUntil(lambda: len(link.engine.requests) == 2)
    assert link.engine.requests[-1].lanes[0].walk.negative == "b"


def test_without_auto_only_generate_renders(link: Link, qtbot: QtBot) -> None:
    link.state.set_auto(False)
    link.state.edit_walk("Frames", frames=3)
    assert waits(link) < 0
    link.state.generate()
    assert link.engine.requests[-1].lanes[0].walk.frames == 3


def test_without_auto_measures_and_devices_wait_for_generate(link: Link) -> None:
    link.finish()
    link.state.set_auto(False)
    link.state.show_measures(("clip_score",))
    link.session.use_machine(Machine("cpu", "bf16"))
    assert waits(link) < 0
    link.state.generate()
    request = link.engine.requests[-1]
    assert (request.device, request.measures) == ("cpu", ("clip_score",))


def test_scrubbing_focuses_and_does_not_resubmit(link: Link) -> None:
    link.state.seek(30)
    link.state.seek(12)
    assert link.engine.focused[-2:] == [30, 12]
    assert len(link.engine.requests) == 1


def test_an_edit_that_changes_no_pixel_asks_nothing(link: Link, qtbot: QtBot) -> None:
    link.state.edit(replace(link.state.exploration, fps=12.0), "Rate")
    qtbot.waitUntil(lambda: waits(link) < 0)
    assert len(link.engine.requests) == 1


def test_after_a_cancel_the_same_walk_can_be_rendered_again(link: Link) -> None:
    link.state.cancel()
    QCoreApplication.processEvents()
    assert not link.state.busy
    link.state.generate()
    assert len(link.engine.requests) == 2
    assert link.state.busy


def test_a_failed_job_says_so_once_and_may_be_tried_again(link: Link, qtbot: QtBot) -> None:
    with qtbot.waitSignal(link.state.message_posted) as posted:
        link.engine.post(m.JobFailed(1, "The model is gone; choose another.", "Traceback"))
    assert posted.args == ["The model is gone; choose another.", "Traceback"]
    assert not link.state.busy
    link.state.generate()
    assert len(link.engine.requests) == 2


def test_frames_of_an_older_job_are_dropped(link: Link) -> None:
    first = link.engine.requests[0]
    link.state.edit_walk("Frames", frames=4)
    link.state.generate()
    stale = m.FrameFailed(first.job, 0, 2, "old")
    link.engine.post(stale)
    QCoreApplication.processEvents()
    assert link.state.results.lanes[0].tiers[2] == m.Tier.MISSING


def test_a_click_on_the_plane_asks_for_that_point_of_this_walk(link: Link) -> None:
    link.state.seek(30)
    link.state.ask_probe(0.5, -0.25)
    QCoreApplication.processEvents()
    probe = link.engine.probes[-1]
    assert (probe.x, probe.y, probe.time) == (0.5, -0.25, 0.5)
    assert probe.walk == link.state.exploration.walk
    assert link.state.probe is not None


def test_an_answer_after_going_back_to_the_walk_is_too_late(link: Link) -> None:
    link.state.ask_probe(0.5, -0.25)
    link.state.seek(3)
    QCoreApplication.processEvents()
    assert link.state.probe is None
    link.state.ask_probe(0.1, 0.1)
    QCoreApplication.processEvents()
    assert link.state.probe is not None


def test_a_point_that_another_job_stops_is_asked_for_again(link: Link) -> None:
    """The engine gives up the point on which it works when it is given a job, or told to stop."""
    link.finish()
    state, engine, missing = link.state, link.engine, link.session.missing_frames
    for stop in (
        lambda: missing.ask(state.exploration, (1,)),
        missing.drop,
        state.generate,
    ):
        state.ask_probe(0.5, -0.25)
        engine.drain()  # the engine has only begun with it
        asked = engine.probes[-1]
        stop()
        assert engine.probes[-2:] == [asked, asked]
        QCoreApplication.processEvents()
        assert not state.awaits_point
    state.generate()
    assert engine.probes.count(asked) == 2, "it is there"


@pytest.mark.parametrize("stop", ["cancel", "pause"])
def test_what_a_person_stops_stops_the_point_too(link: Link, stop: str) -> None:
    link.finish()
    link.state.ask_probe(0.5, -0.25)
    link.engine.drain()
    getattr(link.state, stop)()
    link.state.generate()
    assert not link.state.awaits_point
    assert len(link.engine.probes) == 1


def test_finish_stops_after_one_more_frame(link: Link) -> None:
    link.engine.play(6)
    QCoreApplication.processEvents()
    link.state.finish()
    assert link.state.busy
    before = int((link.state.results.lanes[0].tiers == m.Tier.FINAL).sum())
    link.engine.play(6)
    QCoreApplication.processEvents()
    QCoreApplication.processEvents()
    assert not link.state.busy
    assert int((link.state.results.lanes[0].tiers == m.Tier.FINAL).sum()) > before


def test_pause_gives_the_device_back(link: Link) -> None:
    link.state.pause()
    assert link.engine.paused == 1


def test_the_memory_of_the_chosen_device_is_told(link: Link, qtbot: QtBot) -> None:
    told: list[m.DeviceMemory] = []
    link.state.memory_told.connect(told.append)
    link.session.use_machine(Machine(device="cuda:1", precision="fp16"))
    link.state.ask_memory()
    assert link.engine.questions == [m.MemoryRequest("cuda:1", "fp16")]
    qtbot.waitUntil(lambda: bool(told))
    assert told == [m.DeviceMemory(8_000_000_000, gpu=True, half=True)]


def test_measures_are_asked_for_with_the_text_they_score(link: Link, qtbot: QtBot) -> None:
    link.finish()
    link.state.show_measures(("clip_score",))
    qtbot.waitUntil(lambda: len(link.engine.requests) == 2)
    assert link.engine.requests[-1].measures == ("clip_score",)


def test_shutdown_ends_the_engine_and_reports_whether_it_did(link: Link) -> None:
    link.engine.stops_in_time = False
    assert not link.session.shutdown()
    assert link.engine.stopped
    assert link.session.shutdown()
    link.state.generate()
    assert len(link.engine.requests) == 1


def test_the_device_is_part_of_the_request(link: Link, qtbot: QtBot) -> None:
    link.session.use_machine(Machine("cpu", "bf16"))
    qtbot.waitUntil(lambda: len(link.engine.requests) == 2)
    assert link.engine.requests[-1].device == "cpu"
    assert link.engine.requests[-1].precision == "bf16"
    link.state.ask_probe(0.1, 0.2)
    assert (link.engine.probes[-1].device, link.engine.probes[-1].precision) == ("cpu", "bf16")
    assert link.engine.requests[-1].sampling == link.state.exploration.sampling


def test_drafts_come_where_they_are_wanted(link: Link, qtbot: QtBot) -> None:
    assert link.engine.requests[-1].draft_steps == 0
    link.session.use_machine(machine_of(Preferences(drafts=True)))
    qtbot.waitUntil(lambda: len(link.engine.requests) == 2)
    assert link.engine.requests[-1].draft_steps == DRAFT_STEPS


def test_turning_automatic_rendering_on_renders_what_changed(link: Link, qtbot: QtBot) -> None:
    link.state.set_auto(False)
    link.state.edit_walk("Frames", frames=3)
    link.state.set_auto(True)
    qtbot.waitUntil(lambda: link.engine.requests[-1].lanes[0].walk.frames == 3)
