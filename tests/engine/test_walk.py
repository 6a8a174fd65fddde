"""Walks: the ids of keyframes, the prompt link, and what of a walk makes its frames."""

from __future__ import annotations

from dataclasses import replace

from engine.view import View, ViewMode
from engine.walk import (
    Exploration,
    Keyframe,
    MethodChoice,
    NoiseSource,
    Walk,
    content_of,
    lanes_of,
)

THREE = tuple(Keyframe(noise=NoiseSource(1, draw)) for draw in range(3))
COMPARED = Exploration(compare=(MethodChoice("linear"), MethodChoice("slerp")), rows=(Walk(),))


def ids(walk: Walk) -> list[int]:
    return [keyframe.id for keyframe in walk.keyframes]


def test_keyframes_without_ids_get_them_in_their_order() -> None:
    assert ids(Walk(THREE)) == [1, 2, 3]
    assert ids(Walk()) == [1, 2]


def test_ids_stay_and_new_ones_are_larger() -> None:
    walk = Walk(THREE)
    assert ids(replace(walk, keyframes=walk.keyframes[::-1])) == [3, 2, 1]
    assert ids(replace(walk, keyframes=(Keyframe(), *walk.keyframes))) == [4, 1, 2, 3]


def test_a_keyframe_that_is_there_twice_keeps_its_id_once() -> None:
    first = Walk(THREE).keyframes[0]
    assert ids(Walk((first, first, replace(first, id=-4)))) == [1, 2, 3]


def test_prompts_that_differ_are_not_one_prompt() -> None:
    walk = Walk(THREE)
    assert walk.one_prompt
    keyframes = (replace(walk.keyframes[0], prompt="a dog"), *walk.keyframes[1:])
    assert not replace(walk, keyframes=keyframes).one_prompt
    assert not replace(walk, one_prompt=False).one_prompt


def test_what_serves_editing_alone_is_no_content() -> None:
    walk = Walk(THREE)
    edited = replace(
        walk,
        one_prompt=False,
        keyframes=tuple(
            replace(k, id=90 - k.id, locked=True, previous=NoiseSource(9)) for k in walk.keyframes
        ),
    )
    assert edited != walk
    assert content_of(edited) == content_of(walk)
    assert lanes_of(Exploration(walk=edited)) == lanes_of(Exploration(walk=walk))


def test_one_picture_is_the_edited_walk_alone() -> None:
    single = replace(COMPARED, view=View(ViewMode.SINGLE))
    assert [lane.title for lane in lanes_of(single)] == ["slerp"]
    assert single == COMPARED, "the view is no part of the document"
    for mode in (ViewMode.COMPARE, ViewMode.DIFFERENCE, ViewMode.SHEET, ViewMode.LATENT):
        assert len(lanes_of(replace(COMPARED, view=View(mode)))) == 4


def test_the_mode_suits_what_there_is() -> None:
    assert COMPARED.mode is ViewMode.SHEET
    assert replace(COMPARED, rows=()).mode is ViewMode.COMPARE
    assert Exploration().mode is ViewMode.SINGLE
    for mode in (ViewMode.COMPARE, ViewMode.DIFFERENCE):
        assert Exploration(view=View(mode)).mode is ViewMode.SINGLE
    assert Exploration(view=View(ViewMode.LATENT)).mode is ViewMode.LATENT
