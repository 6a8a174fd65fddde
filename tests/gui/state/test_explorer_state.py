"""What the state holds besides the walk: the point that is shown, and what results belong to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine import messages as m
from engine.walk import Exploration
from gui.state.explorer_state import ExplorerState
from tests.support.scripted_engine import MemoryFrames
from tests.support.scripted_state import request_for


@pytest.fixture
def state(qapp: object) -> ExplorerState:
    return ExplorerState(MemoryFrames(), Exploration())


def _probe() -> m.ProbeReady:
    return m.ProbeReady(1, 0.2, 0.3, m.Tier.FINAL, 0.36, -9.0, np.zeros((8, 8, 3), np.uint8))


def test_a_point_gives_way_when_its_walk_changes(state: ExplorerState) -> None:
    state.apply(_probe())
    state.edit_sampling("Steps", steps=7)
    assert state.probe is None


def test_a_point_stays_when_only_the_playback_rate_changes(state: ExplorerState) -> None:
    state.apply(_probe())
    state.edit(Exploration(fps=12.0), "Playback rate")
    assert state.probe is not None


@pytest.mark.parametrize(
    ("frames", "left"), [(61, (40, 50)), (46, (40, 45)), (41, (40, 40)), (40, None), (5, None)]
)
def test_a_range_holds_as_far_as_there_are_frames(
    state: ExplorerState, frames: int, left: tuple[int, int] | None
) -> None:
    state.set_range((40, 50))
    state.edit_walk("Frames", frames=frames)
    state.begin_job(request_for(state.exploration))
    assert state.range == left


def test_a_range_is_of_its_walk_alone(state: ExplorerState) -> None:
    state.set_range((40, 50))
    state.open_exploration(Exploration(fps=12.0))
    assert state.range is None


def test_results_know_what_they_belong_to(state: ExplorerState) -> None:
    state.begin_job(request_for(state.exploration))
    assert state.results.are_of(state.exploration)
    state.edit(replace(state.exploration, fps=12.0), "Playback rate")
    assert state.results.are_of(state.exploration)
    state.edit_walk("Frames", frames=9)
    assert not state.results.are_of(state.exploration)


def test_nobody_waits_for_a_point_that_failed(state: ExplorerState, qtbot: QtBot) -> None:
    with qtbot.waitSignal(state.probe_changed):
        state.apply(m.ProbeFailed(1, "A number went bad."))


def test_what_would_have_to_be_downloaded_is_asked_for(state: ExplorerState) -> None:
    asked: list[str] = []
    state.model_missing.connect(asked.append)
    state.begin_job(request_for(state.exploration))
    state.apply(m.MeasureFailed(1, "clip_score", "It is missing.", "owner/clip"))
    state.apply(m.JobFailed(1, "It is missing.", missing="owner/name"))
    assert asked == ["owner/clip", "owner/name"]


def test_how_frames_were_made_is_said_once_a_job(state: ExplorerState) -> None:
    said: list[str] = []
    state.message_posted.connect(lambda text, _: said.append(text))
    image = np.zeros((8, 8, 3), np.uint8)
    for job in (1, 2):
        state.begin_job(request_for(state.exploration, job))
        for index in range(3):
            frame = m.FrameReady(job, 0, index, 0.0, m.Tier.FINAL, "k", image, notes=("In tiles.",))
            state.apply(frame)
    assert said == ["In tiles.", "In tiles."]


def test_a_draft_gives_way_to_the_finished_picture_alone(qapp: object) -> None:
    frames = MemoryFrames()
    state = ExplorerState(frames, Exploration())
    state.begin_job(request_for(state.exploration))
    pictures = {tier: np.full((8, 8, 3), int(tier), np.uint8) for tier in m.Tier}
    for key, tier in (("few", m.Tier.DRAFT), ("all", m.Tier.FINAL)):
        frames.images[key] = pictures[tier]

    def hear(tier: m.Tier, key: str = "") -> int:
        state.apply(m.FrameReady(1, 0, 3, 0.0, tier, key, pictures[tier]))
        image = state.results.image(0, 3)
        assert image is not None
        return int(image[0, 0, 0])

    results = state.results.lanes[0]
    assert hear(m.Tier.PREVIEW) == m.Tier.PREVIEW
    assert hear(m.Tier.DRAFT, "few") == m.Tier.DRAFT
    assert 3 not in results.keys  # nothing exports or measures a draft
    assert hear(m.Tier.PREVIEW) == m.Tier.DRAFT
    assert hear(m.Tier.FINAL, "all") == m.Tier.FINAL
    assert hear(m.Tier.DRAFT, "few") == m.Tier.FINAL
