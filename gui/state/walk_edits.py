"""Edits of a walk as pure functions: a walk goes in, another one comes out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from engine.methods.contract import methods
from engine.walk import Exploration, Keyframe, MethodChoice, NoiseSource, Sampling, Walk

FEWEST_KEYFRAMES = 2
FEWEST_COMPARED = 2

#: Steps, guidance and solver of the qualities; Normal is what the model recommends.
DRAFT, NORMAL, PAPER = "Draft", "Normal", "Paper"
PAPER_SETTINGS = (30, 7.5, "dpm++2m")
DRAFT_STEPS = 8


def draw_seed() -> int:
    """A seed nobody chose: 32 bits, short enough to be read to someone."""
    return secrets.randbits(32)


def with_keyframe(walk: Walk, index: int, keyframe: Keyframe) -> Walk:
    """The walk with another keyframe in the place of number `index`."""
    keyframes = (*walk.keyframes[:index], keyframe, *walk.keyframes[index + 1 :])
    return replace(walk, keyframes=keyframes)


def with_noise(walk: Walk, index: int, noise: NoiseSource) -> Walk:
    """The walk with one draw, instead of any sum of several, as the noise of keyframe `index`."""
    return with_keyframe(walk, index, Keyframe(walk.keyframes[index].prompt, noise))


def with_prompt(walk: Walk, prompt: str, index: int | None = None) -> Walk:
    """The walk with `prompt` at keyframe `index`, or (None) at all of them."""
    chosen = range(len(walk.keyframes)) if index is None else (index,)
    for number in chosen:
        walk = with_keyframe(walk, number, replace(walk.keyframes[number], prompt=prompt))
    return walk


def with_method(walk: Walk, choice: MethodChoice, segment: int | None = None) -> Walk:
    """The walk with another method in `segment`, or (None) in all of them."""
    if segment is None or walk.segments == 1:
        return replace(walk, methods=(choice,))
    choices = list(_spread(walk))
    choices[segment] = choice
    return replace(walk, methods=_folded(choices))


def inserted(walk: Walk, index: int, keyframe: Keyframe) -> Walk:
    """The walk with a new keyframe before number `index`; its segments continue a neighbour's."""
    keyframes = (*walk.keyframes[:index], keyframe, *walk.keyframes[index:])
    choices = list(_spread(walk))
    near = min(max(index - 1, 0), len(choices) - 1)
    choices.insert(near, choices[near])
    return replace(walk, keyframes=keyframes, methods=_folded(choices))


def appended(walk: Walk, seed: Callable[[], int] = draw_seed) -> Walk:
    """The walk going on to one more keyframe: the last prompt, fresh noise, frames as dense."""
    keyframe = Keyframe(walk.keyframes[-1].prompt, NoiseSource(seed(), 0))
    longer = inserted(walk, len(walk.keyframes), keyframe)
    per_segment = max((walk.frames - 1) / walk.segments, 1)
    return replace(longer, frames=round(per_segment * longer.segments) + 1)


def with_point(walk: Walk, keyframe: Keyframe, gamma: float) -> Walk:
    """A point of the plane put into the walk where the playhead, at time `gamma`, is."""
    return inserted(walk, walk.locate(gamma)[0] + 1, keyframe)


def removed(walk: Walk, index: int) -> Walk:
    """The walk without keyframe `index`, with as many frames a segment; two always stay."""
    if len(walk.keyframes) <= FEWEST_KEYFRAMES:
        return walk
    choices = list(_spread(walk))
    choices.pop(min(index, len(choices) - 1))
    keyframes = (*walk.keyframes[:index], *walk.keyframes[index + 1 :])
    per_segment = (walk.frames - 1) / walk.segments
    frames = round(per_segment * (len(keyframes) - 1)) + 1
    return replace(walk, keyframes=keyframes, methods=_folded(choices), frames=frames)


def moved(walk: Walk, index: int, to: int) -> Walk:
    """The walk with keyframe `index` at place `to`; methods stay with the places."""
    keyframes = list(walk.keyframes)
    keyframes.insert(to, keyframes.pop(index))
    return replace(walk, keyframes=tuple(keyframes))


def reseeded(walk: Walk, locked: Collection[int] = (), seed: Callable[[], int] = draw_seed) -> Walk:
    """The walk with fresh noise at every keyframe that is not locked."""
    for index in range(len(walk.keyframes)):
        if index not in locked:
            walk = with_noise(walk, index, NoiseSource(seed(), 0))
    return walk


def turned(walk: Walk) -> Walk:
    """The walk from its end to its start."""
    return replace(walk, keyframes=walk.keyframes[::-1], methods=walk.methods[::-1])


def origins_of(after: Sequence[Keyframe], before: Sequence[Keyframe]) -> list[int | None]:
    """Which keyframe of `before` each of `after` was, None for a new one: an equal one, at its own
    place if it can be; where there are as many, what is left was edited at its place."""
    origins: dict[int, int] = {}
    left = list(range(len(before)))

    def match(fits: Callable[[int, int], bool]) -> None:
        for place in range(len(after)):
            found = next((old for old in left if fits(place, old)), None)
            if place not in origins and found is not None:
                origins[place] = found
                left.remove(found)

    match(lambda place, old: place == old and after[place] == before[old])
    match(lambda place, old: after[place] == before[old])
    if len(after) == len(before):
        match(lambda place, old: place == old)
    return [origins.get(place) for place in range(len(after))]


def at_quality(sampling: Sampling, quality: str, normal: Sampling) -> Sampling:
    """`sampling` with the steps, guidance and solver of a quality; `normal` is the model's."""
    if quality == PAPER:
        steps, guidance, solver = PAPER_SETTINGS
        return replace(sampling, steps=steps, guidance=guidance, solver=solver)
    steps = min(DRAFT_STEPS, normal.steps) if quality == DRAFT else normal.steps
    return replace(sampling, steps=steps, guidance=normal.guidance, solver=normal.solver)


def quality_of(sampling: Sampling, normal: Sampling) -> str:
    """The quality whose settings these are, or "" for a person's own."""
    for quality in (NORMAL, DRAFT, PAPER):
        if at_quality(sampling, quality, normal) == sampling:
            return quality
    return ""


def toggled(exploration: Exploration, name: str) -> Exploration:
    """The exploration with one method more, or less, in its comparison; two always stay.

    A method that is used in the walk is compared with the parameters it has there.
    """
    names = {choice.name for choice in exploration.compare} ^ {name}
    if len(names) < FEWEST_COMPARED:
        return exploration
    return compared(exploration, names)


def compared(exploration: Exploration, names: Collection[str]) -> Exploration:
    """The exploration with these methods side by side, in the order of the registry."""
    used = {choice.name: choice for choice in (*exploration.walk.methods, *exploration.compare)}
    choices = (used.get(n, MethodChoice(n)) for n in methods.names() if n in names)
    return replace(exploration, compare=tuple(choices))


def _spread(walk: Walk) -> tuple[MethodChoice, ...]:
    return tuple(walk.method_of(segment) for segment in range(walk.segments))


def _folded(choices: list[MethodChoice]) -> tuple[MethodChoice, ...]:
    return (choices[0],) if len(set(choices)) == 1 else tuple(choices)
