"""The verbs Even out and Perfect walk: rounds of new times, one undo step, and their end."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.pacing.certificate import variation
from engine.view import Loop, ViewMode
from engine.walk import Keyframe, MethodChoice, NoiseSource
from gui.even_out import EvenOutRun
from gui.shell.messages_bar import MessagesBar
from gui.widgets.theme import DARK
from tests.support.scripted_state import PlacedState

FRAMES = 21


class _Leaping(PlacedState):
    """A state whose pictures change quickly about a third of the walk."""

    def __init__(self) -> None:
        super().__init__(FRAMES)
        self.messages: list[str] = []
        self.state.message_posted.connect(lambda text, _: self.messages.append(text))
        self.verb = EvenOutRun(self.state, self.frames, self.state)

    def place(self, time: float) -> float:
        return (time + 6.0 / (1.0 + np.exp(-60.0 * (time - 0.33)))) / 7.0


@pytest.fixture
def leaping(qapp: object) -> _Leaping:
    made = _Leaping()
    made.render()
    return made


def test_the_steps_become_even_in_at_most_three_rounds(leaping: _Leaping) -> None:
    before, walk = variation(leaping.steps()), leaping.state.exploration.walk
    leaping.verb.even_out()
    rounds = 0
    while leaping.verb.running:
        leaping.render()
        rounds += 1
        assert rounds <= 5
    assert variation(leaping.steps()) < 0.3 * before
    assert leaping.messages[0].startswith("Even out: round 1 of at most 3. The variation")
    assert leaping.state.exploration.walk.pacing
    said = re.search(r"was ([\d.]+) and is ([\d.]+) after", leaping.messages[-1])
    assert said is not None
    assert float(said[1]) == pytest.approx(before, abs=0.05)
    assert float(said[2]) == pytest.approx(variation(leaping.steps()), abs=0.05)
    assert leaping.state.history.undo_label == "Even out"
    leaping.state.history.undo()
    assert leaping.state.exploration.walk == walk


class _Worsening(_Leaping):
    """A state whose pictures leap at the end of the walk in the last round."""

    def place(self, time: float) -> float:
        return time**9 if self.job > 3 else super().place(time)


def test_the_result_is_still_said_when_an_earlier_round_is_rendered_again(qtbot: QtBot) -> None:
    worsening = _Worsening()
    bar = MessagesBar(worsening.state, DARK)
    qtbot.addWidget(bar)
    worsening.render()
    worsening.state.generate_requested.connect(worsening.begin)
    worsening.verb.even_out()
    while worsening.verb.running:
        worsening.draw(range(FRAMES))
    assert worsening.state.results.are_of(worsening.state.exploration)
    assert re.search(r"was ([\d.]+) and is ([\d.]+) after", bar.texts[-1])


def test_a_long_walk_goes_on_after_every_second_frame(leaping: _Leaping) -> None:
    leaping.state.edit_walk("Frames", frames=301)
    leaping.render()
    before = variation(leaping.steps())
    leaping.verb.even_out()
    pacings = [leaping.state.exploration.walk.pacing]
    assert pacings[0]
    while leaping.verb.running:
        leaping.begin()
        leaping.draw([k for k in range(0, 301, 2) if k != 150])
        assert leaping.state.exploration.walk.pacing == pacings[-1]
        leaping.draw([150])
        pacings.append(leaping.state.exploration.walk.pacing)
        assert len(pacings) <= 5
    assert variation(leaping.steps()) < 0.3 * before


def test_a_frame_that_failed_ends_the_rounds(leaping: _Leaping) -> None:
    leaping.verb.even_out()
    leaping.begin()
    leaping.draw(range(FRAMES - 1))
    leaping.state.apply(m.FrameFailed(leaping.job, 0, FRAMES - 1, "broken"))
    assert leaping.verb.running
    leaping.state.apply(m.JobFinished(leaping.job, 1.0))
    assert not leaping.verb.running
    assert "Not all steps" in leaping.messages[-1]


def test_frames_of_a_cancelled_job_are_asked_for_again(leaping: _Leaping) -> None:
    leaping.state.edit_walk("Seed", keyframes=(Keyframe("x", NoiseSource(5)),) * 2)
    leaping.begin()
    leaping.draw(range(5))
    leaping.state.apply(m.JobCancelled(leaping.job))
    asked: list[bool] = []
    leaping.state.generate_requested.connect(lambda: asked.append(True))
    leaping.verb.even_out()
    assert asked
    assert leaping.verb.running


def test_an_edit_ends_the_rounds(leaping: _Leaping) -> None:
    leaping.verb.even_out()
    leaping.render()
    assert leaping.verb.running
    leaping.state.edit_walk("Negative", negative="blur")
    leaping.render()
    assert not leaping.verb.running
    assert leaping.state.exploration.walk.negative == "blur"


def test_a_change_of_the_view_stays_and_ends_nothing(leaping: _Leaping) -> None:
    leaping.verb.even_out()
    leaping.state.set_view(crisp=True, loop=Loop.ONCE)
    assert leaping.verb.running
    while leaping.verb.running:
        leaping.render()
    assert leaping.state.exploration.walk.pacing
    assert (leaping.state.view.crisp, leaping.state.view.loop) == (True, Loop.ONCE)


def test_edits_that_change_no_picture_stay_and_end_nothing(leaping: _Leaping) -> None:
    leaping.verb.even_out()
    measures = (*leaping.state.exploration.measures, "sharpness")
    edited = replace(leaping.state.exploration, fps=12.0, measures=measures)
    leaping.state.edit(edited, "Playback rate")
    while leaping.verb.running:
        leaping.render()
    assert leaping.state.exploration.walk.pacing
    assert (leaping.state.exploration.fps, leaping.state.exploration.measures) == (12.0, measures)
    assert "variation" in leaping.messages[-1]


def test_a_comparison_ends_the_rounds_with_a_sentence(leaping: _Leaping) -> None:
    methods = MethodChoice("slerp"), MethodChoice("linear")
    leaping.state.edit(replace(leaping.state.exploration, compare=methods), "Compare")
    leaping.state.set_view(mode=ViewMode.SINGLE)
    leaping.render()
    leaping.verb.even_out()
    assert leaping.verb.running
    leaping.state.set_view(mode=ViewMode.COMPARE)
    leaping.begin()
    assert not leaping.verb.running
    assert leaping.messages[-1].startswith("Even out has stopped")


def test_a_perfect_walk_is_an_even_spline(leaping: _Leaping) -> None:
    keyframes = tuple(Keyframe("a cat", NoiseSource(1, k)) for k in range(3))
    leaping.state.edit_walk("Walk", keyframes=keyframes)
    before = leaping.state.exploration
    leaping.verb.perfect()
    while leaping.verb.running:
        leaping.render()
    walk = leaping.state.exploration.walk
    assert [choice.name for choice in walk.methods] == ["spline"]
    assert walk.pacing
    leaping.state.history.undo()
    assert replace(leaping.state.exploration, measures=before.measures) == before


def test_the_closing_step_of_a_loop_counts(leaping: _Leaping) -> None:
    keyframes = tuple(Keyframe("a cat", NoiseSource(1, k)) for k in range(3))
    leaping.state.edit_walk("Walk", keyframes=keyframes, loop=True)
    leaping.verb.even_out()
    leaping.render()
    times = [leaping.state.exploration.walk.time_of(index) for index in range(FRAMES)]
    assert len(set(times)) == FRAMES
    assert max(times) < 1.0
    while leaping.verb.running:
        leaping.render()
    assert "after" in leaping.messages[-1]


def test_too_few_frames_are_said(leaping: _Leaping) -> None:
    leaping.state.edit_walk("Frames", frames=2)
    leaping.verb.even_out()
    assert "too few frames" in leaping.messages[-1]
    assert not leaping.verb.running


def test_two_runs_are_two_undo_steps(leaping: _Leaping) -> None:
    pacings = [leaping.state.exploration.walk.pacing]
    for speed in (np.linspace(1.0, 3.0, FRAMES), None):
        leaping.verb.even_out(speed)
        while leaping.verb.running:
            leaping.render()
        pacings.append(leaping.state.exploration.walk.pacing)
    leaping.state.history.undo()
    assert leaping.state.exploration.walk.pacing == pacings[1] != pacings[2]
    leaping.state.history.undo()
    assert leaping.state.exploration.walk.pacing == pacings[0]
