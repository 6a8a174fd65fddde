"""Edits of a track of prompts, and edits of a walk that move it along."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.documents.validation import check_walk
from engine.timing import EASINGS, Pace, PromptKey
from engine.tracks.edits import with_key, with_key_added, with_key_removed, with_own_times
from engine.tracks.prompts import check_prompts, prompt_place
from engine.walk import Keyframe, MethodChoice, NoiseSource, Walk
from gui.state.walk_edits import appended, removed, reversed_walk
from gui.state.walk_timing import spread_evenly, with_loop

KEYFRAMES = tuple(Keyframe(text, NoiseSource(k)) for k, text in enumerate("abc", 1))
WALK = Walk(KEYFRAMES, frames=21)
KEYS = (PromptKey(0.1, "x"), PromptKey(0.5, "y", "slerp"), PromptKey(0.9, "z"))
OWN = replace(WALK, prompts=KEYS)
TIMES = [k / 40 for k in range(41)]


@pytest.mark.parametrize("loop", [False, True])
def test_own_times_change_nothing_at_first(loop: bool) -> None:
    paces = (Pace(EASINGS["ease-in"]), Pace(hold=0.3), Pace())
    walk = replace(WALK, loop=loop, paces=paces if loop else paces[:2])
    walk = replace(walk, methods=(MethodChoice("slerp", (("prompts", "slerp"),)),))
    own = with_own_times(walk, True)
    check_walk(own)
    assert {key.blend for key in own.prompts} == {"slerp"}
    for time in TIMES:
        here, there = prompt_place(walk, time), prompt_place(own, time)
        assert there.nearest == here.nearest
        if here.first == there.first:
            assert there.gamma == pytest.approx(here.gamma, abs=1e-9)
    back = with_own_times(own, False)
    assert [k.prompt for k in back.keyframes] == list("abc")


def test_a_key_stays_between_its_neighbours() -> None:
    assert with_key(OWN, 1, time=2.0).prompts[1].time < 0.9
    assert with_key(OWN, 0, time=-1.0).prompts[0].time == 0.0
    assert with_key(OWN, 2, time=2.0).prompts[2].time == 1.0
    check_walk(with_key(replace(OWN, loop=True), 2, time=2.0))
    for time in (0.0, 0.3, 1.0):
        for frames in (2, 21, 5000):
            check_walk(with_key(replace(OWN, frames=frames), 1, time=time))


def test_keys_are_added_and_removed() -> None:
    longer = with_key_added(OWN, 0.6)
    assert [key.text for key in longer.prompts] == ["x", "y", "y", "z"]
    assert with_key_removed(longer, 2) == OWN
    assert with_key_added(OWN, 0.5) == OWN
    last = replace(OWN, prompts=KEYS[:1])
    assert with_key_removed(last, 0).prompts == ()


def test_prompts_stay_where_they_are_beside_the_keyframes() -> None:
    looped = with_loop(OWN, True)
    check_walk(looped)
    assert [key.time for key in looped.prompts] == pytest.approx([0.1 * 2 / 3, 1 / 3, 0.6])
    again = with_loop(looped, False)
    assert [key.time for key in again.prompts] == pytest.approx([0.1, 0.5, 0.9])
    longer = appended(OWN, lambda: 7)
    assert [key.time for key in longer.prompts] == pytest.approx([0.1 * 2 / 3, 1 / 3, 0.6])
    shorter = removed(OWN, 2)
    check_walk(shorter)
    assert [key.time for key in shorter.prompts] == pytest.approx([0.2, 1.0])
    timed = replace(OWN, times=(0.0, 0.25, 1.0))
    assert [key.time for key in spread_evenly(timed).prompts] == pytest.approx(
        [0.2, 2 / 3, 14 / 15]
    )


@pytest.mark.parametrize("loop", [False, True])
def test_a_reversed_walk_has_its_prompts_in_reverse(loop: bool) -> None:
    walk = replace(OWN, loop=loop)
    turned = reversed_walk(walk)
    check_walk(turned)
    for time in TIMES[1:-1]:
        before, after = prompt_place(walk, time), prompt_place(turned, 1.0 - time)
        if 0.01 < before.gamma < 0.49 or 0.51 < before.gamma < 0.99:
            assert before.nearest == after.nearest
            assert (before.first, before.blend) == (after.last, after.blend)
    twice = reversed_walk(turned)
    assert [key.text for key in twice.prompts] == ["x", "y", "z"]
    assert [key.time for key in twice.prompts] == pytest.approx([0.1, 0.5, 0.9])


def test_in_a_loop_no_edit_brings_the_last_prompt_to_the_first() -> None:
    keys = (PromptKey(0.5, "a"), PromptKey(1.0, "b"))
    walk = Walk(loop=True, prompts=keys, frames=10)
    for changed in (with_key(walk, 0, time=0.0), with_key_added(_at_start(walk), 1.0)):
        check_prompts(changed)


def _at_start(walk: Walk) -> Walk:
    return replace(walk, prompts=(PromptKey(0.0, "a"), PromptKey(0.5, "b")))
