"""Edits of a walk: what changes, and what must stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.documents.validation import check_walk
from engine.timing import EASINGS, Pace
from engine.walk import Keyframe, MethodChoice, NoiseSource, Sampling, Walk
from gui.state import walk_edits as edits
from gui.state.walk_timing import with_loop, with_pace
from gui.widgets.text_format import keyframe_letter

LINEAR, SLERP = MethodChoice("linear"), MethodChoice("slerp")


def three() -> Walk:
    keyframes = tuple(Keyframe(f"p{k}", NoiseSource(k, 0)) for k in range(3))
    return Walk(keyframes, (LINEAR, SLERP), frames=21)


def test_a_keyframe_more_keeps_the_frames_as_dense() -> None:
    walk = edits.appended(Walk(frames=61), lambda: 77)
    assert walk.segments == 2
    assert walk.frames == 121
    assert walk.keyframes[-1].noise == NoiseSource(77, 0)
    assert walk.keyframes[-1].prompt == Walk().keyframes[-1].prompt


def test_a_keyframe_between_continues_the_segment_it_parts() -> None:
    walk = edits.inserted(three(), 1, Keyframe("new"))
    assert [k.prompt for k in walk.keyframes] == ["p0", "new", "p1", "p2"]
    assert walk.methods == (LINEAR, LINEAR, SLERP)


@pytest.mark.parametrize(("index", "methods"), [(0, (SLERP,)), (1, (LINEAR,)), (2, (LINEAR,))])
def test_removing_a_keyframe_removes_a_segment(
    index: int, methods: tuple[MethodChoice, ...]
) -> None:
    walk = edits.removed(three(), index)
    assert len(walk.keyframes) == 2
    assert walk.methods == methods
    assert walk.frames == 11


def test_two_keyframes_always_stay() -> None:
    assert edits.removed(Walk(), 0) == Walk()


def test_moving_takes_the_keyframe_and_leaves_the_methods() -> None:
    walk = edits.moved(three(), 0, 2)
    assert [k.prompt for k in walk.keyframes] == ["p1", "p2", "p0"]
    assert walk.methods == (LINEAR, SLERP)


def test_turning_twice_is_the_same_walk() -> None:
    assert edits.reversed_walk(edits.reversed_walk(three())) == three()
    assert edits.reversed_walk(three()).methods == (SLERP, LINEAR)


def test_a_method_for_one_segment_and_for_all() -> None:
    assert edits.with_method(three(), SLERP, 0).methods == (SLERP,)
    assert edits.with_method(replace(three(), methods=(SLERP,)), LINEAR, 1).methods == (
        SLERP,
        LINEAR,
    )
    assert edits.with_method(three(), LINEAR).methods == (LINEAR,)


def test_locked_noise_stays() -> None:
    walk = edits.reseeded(edits.with_lock(three(), 1, True), lambda: 9)
    assert [k.noise.seed for k in walk.keyframes] == [9, 1, 9]
    assert [k.previous for k in walk.keyframes] == [NoiseSource(0, 0), None, NoiseSource(2, 0)]


def test_the_paper_s_quality_is_the_article_s() -> None:
    normal = Sampling(20, 4.0, 128, 128)
    paper = edits.at_quality(normal, edits.PAPER, normal)
    assert (paper.steps, paper.guidance, paper.solver) == (30, 7.5, "dpm++2m")
    assert (paper.width, paper.height) == (128, 128)
    assert edits.quality_of(paper, normal) == edits.PAPER
    assert edits.quality_of(replace(paper, steps=29), normal) == ""
    draft = edits.at_quality(paper, edits.DRAFT, normal)
    assert draft.steps < normal.steps
    assert edits.at_quality(draft, edits.NORMAL, normal) == normal


def test_letters_begin_again_with_a_number() -> None:
    assert [keyframe_letter(k) for k in (0, 1, 25, 26)] == ["A", "B", "Z", "A1"]


@pytest.mark.parametrize("loop", [False, True])
def test_edits_keep_the_timing_valid(loop: bool) -> None:
    keyframes = tuple(Keyframe("a cat", NoiseSource(1, k)) for k in range(4))
    walk = with_loop(Walk(keyframes, frames=40, times=(0.0, 0.2, 0.7, 1.0)), loop)
    walk = with_pace(walk, Pace(EASINGS["ease-in"], 0.5), 1)
    for edited in (
        edits.appended(walk, lambda: 9),
        edits.duplicated(walk, 1),
        edits.with_point(walk, Keyframe("a cat", NoiseSource(5)), 0.5),
        edits.removed(walk, 0),
        edits.removed(walk, 2),
        edits.removed(walk, 3),
        edits.moved(walk, 0, 2),
        edits.reversed_walk(walk),
    ):
        check_walk(edited)
        assert edited.loop == loop
        assert edited.times
        assert edited.paces
    back = edits.reversed_walk(edits.reversed_walk(walk))
    assert back.times == pytest.approx(walk.times)
    assert replace(back, times=walk.times) == walk
    assert edits.appended(walk, lambda: 9).frames > walk.frames
