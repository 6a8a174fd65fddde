"""Bad input is one sentence, before any work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.documents.validation import check_exploration
from engine.errors import InputError
from engine.walk import (
    MAX_SEED,
    Exploration,
    Keyframe,
    MethodChoice,
    NoiseSource,
    Sampling,
    Walk,
    with_method,
)

GOOD = Exploration()


def with_walk(**changes: object) -> Exploration:
    return replace(GOOD, walk=replace(Walk(), **changes))  # type: ignore[arg-type]


def with_sampling(**changes: object) -> Exploration:
    return replace(GOOD, sampling=replace(Sampling(), **changes))  # type: ignore[arg-type]


def with_seed(seed: int, draw: int = 0) -> Exploration:
    return with_walk(keyframes=(Keyframe(noise=NoiseSource(seed, draw)), Keyframe()))


def test_the_defaults_are_good() -> None:
    check_exploration(GOOD)


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**63, MAX_SEED])
def test_every_64_bit_seed_is_good(seed: int) -> None:
    check_exploration(with_seed(seed))


BAD = {
    "0 frames": (lambda: with_walk(frames=0), "frames must be a whole number from 1 to"),
    "half frames": (lambda: with_walk(frames=1.5), "frames must be a whole number"),
    "one keyframe": (lambda: with_walk(keyframes=(Keyframe(),)), "2 to 1,000 keyframes, not 1"),
    "methods": (lambda: with_walk(methods=(MethodChoice(),) * 3), "1 segments takes 1 or 1"),
    "rows times methods": (
        lambda: replace(GOOD, rows=(Walk(),) * 10, compare=(MethodChoice(),) * 10),
        "1 to 100 walks side by side .*, not 110",
    ),
    "too many pictures": (
        lambda: replace(with_walk(frames=100_000), compare=(MethodChoice(),) * 11),
        "more than 1,000,000 pictures",
    ),
    "no method": (lambda: with_walk(methods=(MethodChoice("slurp"),)), "mean 'slerp'"),
    "params": (
        lambda: with_walk(methods=(MethodChoice(params=(("speed", 1),)),)),
        "no parameter 'speed'",
    ),
    "huge param": (
        lambda: with_walk(methods=(MethodChoice(params=(("prompts", 10**400),)),)),
        "not one so large",
    ),
    "steps": (lambda: with_sampling(steps=-3), "steps must be a whole number from 1 to 1000"),
    "height": (lambda: with_sampling(height=0), "height must be a whole number from 1 to 4096"),
    "huge": (lambda: with_sampling(height=10**5000), "not one so large"),
    "guidance": (lambda: with_sampling(guidance=float("nan")), "guidance must be a number"),
    "solver": (lambda: with_sampling(solver="magic"), "no solver called 'magic'"),
    "interval": (
        lambda: with_sampling(guidance_from=0.8, guidance_to=0.2),
        "guidance's end must be a number from 0.8 to 1",
    ),
    "seed −1": (lambda: with_seed(-1), "seed must be a whole number from 0"),
    "seed 2^64": (lambda: with_seed(MAX_SEED + 1), "seed must be a whole number from 0"),
    "draw": (lambda: with_seed(1, 10**6), "draw must be a whole number"),
    "prompt": (
        lambda: with_walk(keyframes=(Keyframe("x" * 20_001), Keyframe())),
        "prompt has 20,001 characters",
    ),
    "surrogate": (lambda: with_walk(negative="\ud800"), "characters that are none"),
    "model": (lambda: replace(GOOD, model=" "), "model needs a name"),
    "control": (lambda: replace(GOOD, model="a\0b"), "model needs a name"),
    "fps": (lambda: replace(GOOD, fps=float("inf")), "fps must be a number"),
    "rows": (lambda: replace(GOOD, rows=(Walk(),) * 101), "0 to 100 rows"),
    "bad row": (lambda: replace(GOOD, rows=(replace(Walk(), frames=0),)), "frames must be"),
    "compare": (lambda: replace(GOOD, compare=(MethodChoice("x"),)), "no method called 'x'"),
}


@pytest.mark.parametrize(("make", "sentence"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_sentence(make: Callable[[], Exploration], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        check_exploration(make())
    assert len(str(caught.value)) < 250


def test_a_method_for_each_segment_is_good() -> None:
    walk = replace(Walk(), keyframes=(Keyframe(),) * 3, methods=(MethodChoice(),) * 2)
    check_exploration(replace(GOOD, walk=walk, rows=(with_method(walk, MethodChoice("linear")),)))
