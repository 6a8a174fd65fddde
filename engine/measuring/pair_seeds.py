"""The seeds of several pairs of noises, of which no two have a noise in common."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, product

from engine.methods.contract import with_other_noise
from engine.walk import MAX_SEED, Exploration, Keyframe, NoiseSource, Walk

_SEEDS = MAX_SEED + 1


def with_seeds(exploration: Exploration, offset: int) -> Exploration:
    """Returns the exploration with other noises: `offset` is added to all seeds, also to those of
    methods' further noise."""

    def moved(source: NoiseSource) -> NoiseSource:
        return replace(source, seed=(source.seed + offset) % _SEEDS)

    def keyframe(old: Keyframe) -> Keyframe:
        blend = tuple(replace(term, source=moved(term.source)) for term in old.blend)
        return replace(old, noise=moved(old.noise), blend=blend)

    def walk(old: Walk) -> Walk:
        methods = tuple(with_other_noise(choice, offset) for choice in old.methods)
        return replace(old, keyframes=tuple(map(keyframe, old.keyframes)), methods=methods)

    rows = tuple(map(walk, exploration.rows))
    compare = tuple(with_other_noise(choice, offset) for choice in exploration.compare)
    return replace(exploration, walk=walk(exploration.walk), rows=rows, compare=compare)


def seed_step(exploration: Exploration, pairs: int) -> int:
    """Returns the least number of seeds from one pair to the next with which no two pairs have a
    noise in common, so that they are independent."""
    walks = (exploration.walk, *exploration.rows)
    keyframes = [keyframe for walk in walks for keyframe in walk.keyframes]
    sources = {k.noise for k in keyframes} | {t.source for k in keyframes for t in k.blend}
    both = product(sources, repeat=2)
    gaps = {(a.seed - b.seed) % _SEEDS for a, b in both if a != b and a.draw == b.draw}
    ways = range(1, pairs)
    return next(n for n in count(1) if gaps.isdisjoint(n * way % _SEEDS for way in ways))
