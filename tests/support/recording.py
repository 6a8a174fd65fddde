"""A state whose viewer is recorded, for the tests of the recorder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.geometry.noise import NoiseBank
from engine.geometry.projection import describe
from engine.geometry.walk_path import WalkPath
from engine.view import ViewMode
from engine.walk import ARTICLE_PROMPT, Exploration, MethodChoice, Sampling, Walk, lanes_of
from gui.export.recorder import Recorder
from gui.state.explorer_state import ExplorerState
from gui.viewer.frame_view import FrameView
from gui.widgets.theme import DARK
from tests.support.scripted_state import request_for
from tests.support.texts import make_text

EXPLORATION = Exploration(
    walk=Walk(frames=5), sampling=Sampling(steps=4, guidance=1.0, width=64, height=48), fps=64.0
)


class Clock:
    """The seconds that the recorder reads: they pass when a test says so."""

    def __init__(self) -> None:
        self.now = 7.0

    def monotonic(self) -> float:
        return self.now


class Frames:
    """Pictures by key."""

    def image(self, key: str) -> m.Image | None:
        return np.full((48, 64, 3), 40 * int(key), np.uint8)


def recorded_state(*methods: str, exploration: Exploration = EXPLORATION) -> ExplorerState:
    """A state with all pictures and the geometry of a walk, or of these methods."""
    compare = tuple(MethodChoice(name) for name in methods)
    exploration = replace(exploration, compare=compare)
    state = ExplorerState(Frames(), exploration)
    lanes = lanes_of(exploration)
    state.begin_job(request_for(exploration))
    texts = dict.fromkeys((ARTICLE_PROMPT, "a dog", ""), make_text())
    image = np.zeros((48, 64, 3), np.uint8)
    for number, lane in enumerate(lanes):
        state.apply(describe(WalkPath(lane.walk, NoiseBank((4, 6, 8)), texts), 1, number))
        for k in range(5):
            state.apply(m.FrameReady(1, number, k, k / 4, m.Tier.FINAL, str(k + number), image))
    return state


def recorded_view(
    qtbot: QtBot, state: ExplorerState, mode: ViewMode = ViewMode.SINGLE
) -> FrameView:
    """A viewer of the state that has painted."""
    view = FrameView(state, DARK)
    qtbot.addWidget(view)
    view.resize(600, 300)
    state.set_view(mode=mode)
    view.show()
    view.grab()
    return view


def show_pictures(recorder: Recorder, view: FrameView, clock: Clock, samples: int) -> None:
    """Let the time of so many pictures pass; all times here are exact in binary."""
    view.grab()  # what is recorded is what was painted last
    for _ in range(samples):
        recorder.sample()
        clock.now += 1 / EXPLORATION.fps
