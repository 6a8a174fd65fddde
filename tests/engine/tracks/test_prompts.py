"""Prompts with times of their own: which ones a time lies between, and the texts of frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.conditioning import Conditioning, Role
from engine.documents.session_file import decode, encode
from engine.errors import InputError
from engine.geometry.noise import NoiseBank
from engine.geometry.walk_path import WalkPath, prompts_of
from engine.measuring.scoring_text import scoring_label, scoring_texts
from engine.timing import EASINGS, Pace, PromptKey
from engine.tracks.prompts import PromptPlace, check_prompts, prompt_place, prompts_in
from engine.walk import Exploration, Keyframe, NoiseSource, Walk

KEYS = (PromptKey(0.2, "a cat"), PromptKey(0.6, "a fox", "slerp"), PromptKey(0.8, "a dog"))
WALK = Walk(prompts=KEYS)


def texts() -> dict[str, Conditioning]:
    made = {}
    for number, text in enumerate(("", "a cat", "a fox", "a dog")):
        sequence = np.random.default_rng(number).standard_normal((4, 8)).astype(np.float32)
        made[text] = Conditioning({Role.SEQUENCE: sequence})
    return made


def path(walk: Walk) -> WalkPath:
    return WalkPath(walk, NoiseBank((4, 4, 4)), texts())


@pytest.mark.parametrize(
    ("time", "first", "last", "gamma"),
    [
        (0.0, "a cat", "a cat", 0.0),
        (0.2, "a cat", "a fox", 0.0),
        (0.3, "a cat", "a fox", 0.25),
        (0.6, "a fox", "a dog", 0.0),
        (0.7, "a fox", "a dog", 0.5),
        (0.9, "a dog", "a dog", 0.0),
        (1.0, "a dog", "a dog", 0.0),
    ],
)
def test_a_time_lies_between_two_prompts(time: float, first: str, last: str, gamma: float) -> None:
    place = prompt_place(WALK, time)
    assert (place.first, place.last, place.gamma) == (first, last, pytest.approx(gamma))


@pytest.mark.parametrize(("time", "gamma"), [(0.8, 0.0), (0.9, 0.25), (0.0, 0.5), (0.1, 0.75)])
def test_in_a_loop_the_last_prompt_leads_back_to_the_first(time: float, gamma: float) -> None:
    place = prompt_place(replace(WALK, loop=True), time)
    assert place == PromptPlace("a dog", "a cat", pytest.approx(gamma), "linear")


def test_easing_and_hold_of_a_prompt() -> None:
    held = (replace(KEYS[0], pace=Pace(EASINGS["ease-in-out"], 0.5)), *KEYS[1:])
    assert prompt_place(replace(WALK, prompts=held), 0.39).gamma == 0.0
    assert prompt_place(replace(WALK, prompts=held), 0.5).gamma == pytest.approx(0.5)


def test_without_a_track_the_prompts_are_those_of_the_keyframes() -> None:
    keyframes = Keyframe("a cat"), Keyframe("a fox", NoiseSource(2))
    assert prompt_place(Walk(keyframes), 0.25) == PromptPlace("a cat", "a fox", 0.25)


def test_texts_of_frames_follow_the_track_and_pass_its_keys_bit_for_bit() -> None:
    own = path(WALK)
    for time, text in ((0.0, "a cat"), (0.6, "a fox"), (1.0, "a dog")):
        same = own.conditioning(time).arrays[Role.SEQUENCE] == texts()[text].arrays[Role.SEQUENCE]
        assert same.all()
    linear = path(replace(WALK, prompts=tuple(replace(key, blend="linear") for key in KEYS)))
    by_slerp, by_line = (each.conditioning(0.7).arrays[Role.SEQUENCE] for each in (own, linear))
    assert not np.array_equal(by_slerp, by_line)


def test_the_noise_does_not_depend_on_the_track() -> None:
    assert np.array_equal(path(WALK).latent(0.37), path(Walk()).latent(0.37))


def test_all_texts_are_encoded_and_scored() -> None:
    assert prompts_of(WALK) == ("", "a cat", "a fox", "a dog")
    assert scoring_texts("", WALK) == prompts_in(WALK) == ("a cat", "a fox", "a dog")
    assert scoring_label("", WALK) == "a cat → a fox → a dog"


def test_a_session_holds_the_track() -> None:
    exploration = Exploration(walk=replace(WALK, loop=True))
    assert decode(encode(exploration))[0] == exploration


@pytest.mark.parametrize(
    ("walk", "sentence"),
    [
        (replace(WALK, prompts=KEYS[::-1]), "increase"),
        (replace(WALK, prompts=(PromptKey(1.5, "a"),)), "increase"),
        (replace(WALK, prompts=(PromptKey(float("nan"), "a"),)), "increase"),
        (replace(WALK, prompts=(replace(KEYS[0], blend="arc"),)), "blended"),
        (replace(WALK, prompts=(replace(KEYS[0], pace=Pace(hold=2.0)),)), "hold"),
        (replace(WALK, loop=True, prompts=(PromptKey(0.0, "a"), PromptKey(1.0, "b"))), "loop"),
    ],
)
def test_impossible_tracks_are_refused(walk: Walk, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        check_prompts(walk)
