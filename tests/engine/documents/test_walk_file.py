"""Walk files in TOML: what they say, and errors by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.documents.walk_file import load_walk, read_walk
from engine.errors import InputError
from engine.timing import EASINGS, Easing, Pace, PromptKey
from engine.walk import Keyframe, MethodChoice, NoiseSource, NoiseTerm, Walk

EXAMPLE = Path(__file__).parents[3] / "resources" / "walks" / "loop.toml"
TWO = "[[keyframe]]\nseed = 1\n[[keyframe]]\nseed = 2\n"


def test_two_keyframes_are_enough() -> None:
    expected = Walk((Keyframe(noise=NoiseSource(1)), Keyframe(noise=NoiseSource(2))))
    assert read_walk(TWO.encode(), "w.toml") == expected


def test_the_example_is_a_loop_with_all_settings() -> None:
    walk = load_walk(EXAMPLE)
    assert (walk.loop, walk.frames, walk.segments) == (True, 48, 3)
    assert walk.times == (0.0, 0.4, 0.7)
    assert walk.methods == (MethodChoice("slerp"),)
    assert walk.paces == (
        Pace(EASINGS["ease-in-out"], 0.1),
        Pace(EASINGS["ease-in-out"]),
        Pace(Easing(0.3, 0.0, 0.7, 1.0)),
    )


PROMPTS = """
[[prompts]]
time = 0.0
prompt = "a cat"
blend = "slerp"
[[prompts]]
time = 0.7
prompt = "a fox"
easing = "ease-in"
"""


def test_prompts_can_have_times_of_their_own() -> None:
    walk = read_walk((TWO + PROMPTS).encode(), "w.toml")
    assert walk.prompts == (
        PromptKey(0.0, "a cat", "slerp"),
        PromptKey(0.7, "a fox", pace=Pace(EASINGS["ease-in"])),
    )


def test_a_keyframe_can_be_a_mix_of_noises() -> None:
    mix = "mix = [{seed = 1, weight = 3}, {seed = 2, draw = 1, weight = -4.0}]"
    walk = read_walk(TWO.replace("seed = 1", mix).encode(), "w.toml")
    first = walk.keyframes[0]
    assert (first.noise, first.scale) == (NoiseSource(1), pytest.approx(0.6))
    assert first.blend == (NoiseTerm(NoiseSource(2, 1), pytest.approx(-0.8)),)


@pytest.mark.parametrize(
    ("mix", "said"),
    [
        ("mix = []", "A mix is a list"),
        ("mix = [1, 2]", "A mix is a list"),
        ("mix = 3", "mix takes a list"),
        ("seed = 3\nmix = [{seed = 1}]", "no seed beside it"),
        ("mix = [{seed = 1, weight = 0}]", "not all 0"),
        ("mix = [{seed = 1}, {seed = 1, weight = 2}]", "its noises differ"),
        ("mix = [{seed = 1, weight = nan}]", "not all 0"),
        ("mix = [{seed = -1}]", "The seed must be"),
        ('mix = [{seed = "a"}]', "seed takes a whole number"),
        ("mix = [{noise = 1}]", "There is no key 'noise'"),
    ],
)
def test_a_mix_that_cannot_be_is_named_by_its_line(mix: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as raised:
        read_walk(TWO.replace("seed = 1", f'prompt = "a"\n{mix}').encode(), "w.toml")
    line = 4 if mix.startswith("seed") else 3
    assert str(raised.value).startswith(f"w.toml, line {line}:")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (f"hold = 1{400 * '0'}", "w.toml, line 1: A number of hold is too large"),
        (f"easing = [1{400 * '0'}, 0, 0, 0]", "line 1: A number of easing is too large"),
        (f"hold = 1{5000 * '0'}", "w.toml is no valid TOML"),
        (f'method = "std-sweep"\nparams = {{low = 1{400 * "0"}}}', "w.toml, line 2: "),
        (f'method = "wander"\nparams = {{seed = 1{400 * "0"}}}', "line 2: .*not one so large"),
    ],
)
def test_huge_numbers_are_one_sentence(line: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read_walk(f"{line}\n{TWO}".encode(), "w.toml")


def test_a_byte_order_mark_is_no_part_of_a_walk() -> None:
    assert read_walk(b"\xef\xbb\xbf" + TWO.encode(), "w.toml") == read_walk(TWO.encode(), "w.toml")


def test_a_hold_can_drift() -> None:
    text = TWO.replace("seed = 1", "seed = 1\nhold = 0.25\ndrift = 8")
    assert read_walk(text.encode(), "w.toml").paces == (Pace(hold=0.25, drift=8.0),)


def test_methods_and_parameters_of_single_segments() -> None:
    text = (
        'method = "linear"\n[[keyframe]]\n[[keyframe]]\nprompt = "a dog"\n'
        'method = "wipe"\nparams = {direction = "left"}\n[[keyframe]]\n'
    )
    walk = read_walk(text.encode(), "w.toml")
    assert walk.methods == (
        MethodChoice("linear"),
        MethodChoice("wipe", (("direction", "left"),)),
    )
    assert walk.keyframes[1].prompt == "a dog"
    assert [k.noise.draw for k in walk.keyframes] == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("frames = 5\nspeed = 2\n" + TWO, 2, "no key 'speed'"),
        (TWO + "speed = 2\n", 5, "no key 'speed'"),
        ('frames = "5"\n' + TWO, 1, "whole number"),
        ("loop = 1\n" + TWO, 1, "true or false"),
        (TWO.replace("seed = 2", "seed = -2"), 4, "seed must be"),
        ('method = "slrp"\n' + TWO, 1, "did you mean 'slerp'"),
        ('easing = "bounce"\n' + TWO, 1, "no easing"),
        (TWO.replace("seed = 1", "seed = 1\neasing = [0, 0, 2, 1]"), 3, "handles"),
        (TWO.replace("seed = 1", "seed = 1\nhold = 2.0"), 3, "hold"),
        (TWO.replace("seed = 1", "hold = 0.2\ndrift = 90"), 3, "drift"),
        (TWO + "hold = 0.1\n", 5, "last keyframe"),
        (TWO + PROMPTS.replace("slerp", "arc"), 9, "blended by"),
        (TWO + PROMPTS.replace("0.7", "0.0"), 11, "not later"),
        (TWO + PROMPTS.replace("time = 0.7", "seed = 2"), 11, "no key 'seed'"),
        (TWO + PROMPTS.replace('prompt = "a fox"', ""), 10, "prompt is missing"),
        (PROMPTS + TWO.replace("seed = 2", "sed = 2"), 13, "no key 'sed'"),
        (TWO.replace("seed = 1", "time = 0.0"), 3, "all keyframes or to none"),
        ("[[keyframe]]\ntime = 0.5\n[[keyframe]]\ntime = 0.2\n", 4, "not later"),
        ("[[keyframe]]\nseed = 1\n", 1, "two \\[\\[keyframe\\]\\]"),
        ("frames = \n", 1, "TOML"),
    ],
)
def test_an_error_names_its_line(text: str, line: int, part: str) -> None:
    with pytest.raises(InputError, match=part) as raised:
        read_walk(text.encode(), "w.toml")
    assert f"line {line}" in str(raised.value)


def test_bounds_of_the_whole_walk_hold_too() -> None:
    with pytest.raises(InputError, match=r"w\.toml: The frames"):
        read_walk(f"frames = 0\n{TWO}".encode(), "w.toml")
    with pytest.raises(InputError, match="UTF-8"):
        read_walk(b"\xff\xfe", "w.toml")


def test_the_readmes_example_opens() -> None:
    text = (EXAMPLE.parents[2] / "README.md").read_text("utf-8")
    start, end = text.index("    frames = 48\n"), text.index("Existing files are replaced only")
    example = "\n".join(line[4:] for line in text[start:end].splitlines())
    walk = read_walk(example.encode(), "README.md")
    assert (walk.frames, walk.loop, len(walk.keyframes)) == (48, True, 3)
    assert walk.keyframes[2].blend
    assert walk.prompts
