"""What is known of a walk stays while another job begins."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from engine import messages as m
from engine.walk import MethodChoice
from gui.state import known_lanes
from gui.state.walk_edits import with_lock
from tests.support.scripted_state import ScriptedState, request_for, scripted


def tiers(told: ScriptedState, lane: int = 0) -> list[int]:
    return told.state.results.lanes[lane].tiers.tolist()


def begin(told: ScriptedState, **changes: object) -> None:
    """Another job, whose engine has not said anything yet."""
    told.job += 1
    request = request_for(told.state.exploration, told.job)
    told.state.begin_job(replace(request, **changes))  # type: ignore[arg-type]


def test_an_equal_walk_keeps_its_frames_previews_and_geometry(qapp: object) -> None:
    told = ScriptedState(frames=5)
    told.begin()
    told.frame(0)
    preview = told.frame(2, tier=m.Tier.PREVIEW)
    path = told.state.results.lanes[0].path
    begin(told)
    assert tiers(told) == [3, 0, 1, 0, 0]
    assert told.state.results.image(0, 0) is told.frames.images["1-0-0"]
    assert told.state.results.image(0, 2) is preview
    assert told.state.results.lanes[0].path is path


def test_a_lane_without_any_equal_one_begins_empty(qapp: object) -> None:
    told = scripted(frames=5)
    for changes in (
        {"model": "/another"},
        {"sampling": replace(told.state.exploration.sampling, steps=9)},
        {"device": "cuda"},
        {"precision": "fp16"},
    ):
        begin(told, **changes)
        assert tiers(told) == [0] * 5, changes
    begin(told)
    assert tiers(told) == [3] * 5, "back where it was drawn"


def test_locks_and_titles_make_no_other_walk(qapp: object) -> None:
    told = scripted(frames=5)
    exploration = told.state.exploration
    locked = replace(exploration, walk=with_lock(exploration.walk, 0, True))
    told.state.edit(replace(locked, rows=(locked.walk,)), "Rows")
    begin(told)
    assert [lane.lane.title for lane in told.state.results.lanes] == ["1 · slerp", "2 · slerp"]
    assert tiers(told, 0) == tiers(told, 1) == [3] * 5
    told.state.apply(m.FrameFailed(told.job, 1, 3, "A number went bad."))
    assert tiers(told, 0) == [3] * 5, "two lanes of one walk are told apart"


def test_lanes_that_were_left_out_come_back_with_their_frames(qapp: object) -> None:
    told = scripted(frames=5, methods=("linear", "slerp"))
    compared = told.state.exploration
    told.state.edit(replace(compared, compare=()), "One method")
    begin(told)
    assert len(told.state.results.lanes) == 1
    told.state.edit(compared, "Compare")
    begin(told)
    assert tiers(told, 0) == tiers(told, 1) == [3] * 5


def test_what_failed_is_tried_again(qapp: object) -> None:
    told = ScriptedState(frames=3)
    told.begin()
    told.frame(0, tier=m.Tier.PREVIEW)
    for index in (0, 1):
        told.state.apply(m.FrameFailed(told.job, 0, index, "A number went bad."))
    begin(told)
    assert tiers(told) == [0, 0, 0]
    assert told.state.results.image(0, 0) is None


def test_measures_stay_but_those_of_another_text(qapp: object) -> None:
    told = scripted(frames=2)
    scored = partial(begin, told, measures=("clip_score", "sharpness"))
    scored(scoring_text="a cat")
    for name in ("clip_score", "sharpness"):
        told.state.apply(m.MeasureReady(told.job, 0, 1, name, 25.0))

    def known() -> list[bool]:
        names = ("clip_score", "sharpness")
        return [bool(np.isfinite(told.state.results.measured(0, name)[1])) for name in names]

    scored(scoring_text="a cat")
    assert known() == [True, True]
    scored(scoring_text="a dog")
    assert known() == [False, True]
    scored(scoring_text="a cat")
    assert known() == [True, True]


def test_only_so_many_frames_are_known_of_other_lanes(
    qapp: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_lanes, "MOST_FRAMES", 10)
    told = scripted(frames=5)
    first = told.state.exploration
    for name in ("linear", "wipe", "translation"):
        walk = replace(first.walk, methods=(MethodChoice(name),))
        told.state.edit(replace(first, walk=walk), "Method")
        begin(told)
        told.all_frames()
    told.state.edit(first, "Back")
    begin(told)
    assert tiers(told) == [0] * 5
