"""Verbs that follow the visible speed of a walk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.geometry.noise import NoiseBank
from engine.geometry.projection import describe
from engine.geometry.walk_path import WalkPath
from engine.view import ViewMode
from engine.walk import Keyframe, MethodChoice, NoiseSource, Walk
from gui.pacing_verbs import put_tipping_points
from tests.gui.conftest import Desk
from tests.support.scripted_state import ScriptedState
from tests.support.texts import make_text

FRAMES = 41
SHAPE = (4, 16, 16)


def _path(walk: Walk) -> WalkPath:
    texts = dict.fromkeys((walk.negative, *(k.prompt for k in walk.keyframes)), make_text())
    return WalkPath(walk, NoiseBank(SHAPE), texts)


class _Told(ScriptedState):
    """A state with the real geometry of its walk, and step lengths that a test chooses."""

    def __init__(self, keyframes: tuple[Keyframe, ...]) -> None:
        super().__init__(FRAMES)
        self.messages: list[str] = []
        self.state.message_posted.connect(lambda text, _: self.messages.append(text))
        self.state.edit_walk("Walk", keyframes=keyframes)
        self.begin()
        self.state.apply(describe(_path(self.state.results.lanes[0].lane.walk), self.job, 0))
        self.all_frames()

    def measure(self, leaps: tuple[int, ...], missing: int = -1) -> None:
        for index in range(1, FRAMES):
            if index != missing:
                length = 9.0 if index in leaps else 1.0
                self.state.apply(m.MeasureReady(self.job, 0, index, "step_length", length))


def _keys(*prompts: str) -> tuple[Keyframe, ...]:
    return tuple(Keyframe(p, NoiseSource(1, k), id=k + 1) for k, p in enumerate(prompts))


@pytest.fixture
def told() -> _Told:
    made = _Told(_keys("a cat", "a cat", "a cat"))
    made.state.show_measures(("step_length",))
    return made


def test_keyframes_are_put_at_the_tipping_points_in_one_undo_step(told: _Told) -> None:
    before = told.state.exploration.walk
    told.measure(leaps=(6, 15, 30))
    put_tipping_points(told.state)
    walk = told.state.exploration.walk
    assert [k.noise for k in walk.keyframes if not k.blend] == [k.noise for k in before.keyframes]
    assert [bool(k.blend) for k in walk.keyframes] == [False, True, True, False, True, False]
    assert walk.frames == before.frames
    assert told.state.history.undo_label == "3 tipping points"
    old, new = _path(before), _path(walk)
    for number, index in ((1, 6), (2, 15), (4, 30)):
        assert np.allclose(new.keyframe(number), old.exact_latent(index / 40), atol=1e-6)
    told.state.history.undo()
    assert told.state.exploration.walk == before


def test_the_path_stays_and_the_leap_gets_more_frames(told: _Told) -> None:
    before = told.state.exploration.walk
    told.measure(leaps=(6,))
    put_tipping_points(told.state)
    old, new = _path(before), _path(told.state.exploration.walk)
    for part in (0.2, 0.5, 0.9):
        assert np.allclose(new.exact_latent(part / 3), old.exact_latent(part * 6 / 40), atol=5e-3)
    assert told.state.history.undo_label == "Tipping point"


def test_what_is_not_known_is_said(told: _Told) -> None:
    before = told.state.exploration.walk
    told.measure(leaps=(6,), missing=9)
    put_tipping_points(told.state)
    assert "not all steps" in told.messages[-1].lower()
    told.measure(leaps=())
    put_tipping_points(told.state)
    assert "no new tipping point" in told.messages[-1]
    told.measure(leaps=(20,))  # at the keyframe in the middle
    put_tipping_points(told.state)
    assert "no new tipping point" in told.messages[-1]
    assert told.state.exploration.walk == before


def test_between_different_prompts_there_is_none() -> None:
    told = _Told(_keys("a cat", "a dog", "a dog"))
    told.state.show_measures(("step_length",))
    told.measure(leaps=(6, 30))
    put_tipping_points(told.state)
    walk = told.state.exploration.walk
    assert [bool(k.blend) for k in walk.keyframes] == [False, False, True, False]


def test_a_method_that_would_take_another_path_gets_none(told: _Told) -> None:
    told.state.edit_walk("Method", methods=(MethodChoice("normalized"),))
    told.begin()
    told.state.apply(describe(_path(told.state.results.lanes[0].lane.walk), told.job, 0))
    told.measure(leaps=(6,))
    put_tipping_points(told.state)
    assert "keeps its path" in told.messages[-1]


def test_the_step_lengths_are_measured_first() -> None:
    told = _Told(_keys("a cat", "a cat"))
    put_tipping_points(told.state)
    assert "step_length" in told.state.exploration.measures
    assert "measured now" in told.messages[-1]


@pytest.mark.parametrize("auto", [True, False])
def test_what_to_do_after_the_measurement_is_still_said_while_it_runs(
    desk: Desk, qtbot: QtBot, auto: bool
) -> None:
    desk.finish()
    desk.state.set_auto(auto)
    put_tipping_points(desk.state)
    qtbot.waitUntil(lambda: "step_length" in desk.engine.requests[-1].measures)
    assert any("measured now" in text for text in desk.window.messages.texts)


def test_a_walk_that_was_not_rendered_has_none() -> None:
    told = _Told(_keys("a cat", "a cat"))
    told.state.edit_walk("Frames", frames=7)
    put_tipping_points(told.state)
    assert "Render the walk" in told.messages[-1]


def test_locks_and_other_fields_for_editing_stay(told: _Told) -> None:
    first = replace(told.state.exploration.walk.keyframes[0], locked=True)
    rest = told.state.exploration.walk.keyframes[1:]
    told.state.edit_walk("Lock", keyframes=(first, *rest))
    told.measure(leaps=(6,))
    put_tipping_points(told.state)
    walk = told.state.exploration.walk
    assert len(walk.keyframes) == 4
    assert walk.keyframes[0] == first
    assert {k.id for k in rest} <= {k.id for k in walk.keyframes}


def test_among_compared_methods_the_walk_s_own_counts(told: _Told) -> None:
    exploration = told.state.exploration
    compared = tuple(MethodChoice(name) for name in ("linear", "normalized"))
    told.state.edit(replace(exploration, compare=compared), "Compare")
    told.state.set_view(mode=ViewMode.COMPARE)
    told.begin()
    put_tipping_points(told.state)
    assert "own method is not among those compared" in told.messages[-1]
    assert told.state.exploration.walk == exploration.walk
