"""Directions in z_T: a measure is regressed on the latents of many seeds, and tested on others.

The direction is a weighted sum of the seeds' noises, so that a keyframe can hold it. A walk along
it stays on the shell: z(θ) ∝ cos θ z + sin θ u, with |u| = |z| = √d.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from engine import messages as m
from engine.dimensions.influence import plain_request
from engine.dimensions.regression import fit_ridge
from engine.errors import Cancelled, InputError
from engine.geometry.noise import NoiseBank
from engine.mailbox import JobControl
from engine.render.renderer import Renderer
from engine.requests import Machine
from engine.statistics.intervals import Interval, Values, mean_interval
from engine.walk import Exploration, Keyframe, NoiseSource, NoiseTerm, Sampling, Walk

#: Returns the measure of each picture.
Measure = Callable[[Sequence[m.Image]], Values]
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class DirectionPlan:
    """Seeds to fit on, other seeds to test on, and the angles in degrees of the test's walks.
    `shape` [C, h, w] is that of the latents."""

    model: str
    prompt: str
    sampling: Sampling
    seeds: tuple[int, ...]
    held_out: tuple[int, ...]
    angles: tuple[float, ...]
    shape: tuple[int, int, int]
    machine: Machine


@dataclass(frozen=True, slots=True)
class Direction:
    """The outcome. `correlation` is that of predicted and measured values of held-out seeds, with
    its 95 % interval, and `p` its p-value. `values` [seeds, angles] are the measures of their
    walks, `curve` their means, and `slope` the change per radian. `ahead` is the share of held-out
    seeds whose measure is larger at the last angle than at the first. `pictures` [seeds][angles]
    are a few of them, and `walk` is that of the first."""

    correlation: tuple[float, float, float]
    p: float
    strength: float
    values: Values
    curve: Interval
    slope: Interval
    ahead: float
    pictures: tuple[tuple[m.Image, ...], ...]
    walk: Walk


def find_direction(
    plan: DirectionPlan, measure: Measure, renderer: Renderer, control: JobControl, shown: int = 6
) -> Direction:
    """Renders, fits and tests; keeps the pictures of so many seeds. Blocks. Raises InputError and
    Cancelled."""
    bank = NoiseBank(plan.shape)
    latents = np.stack([bank.draw(NoiseSource(seed)).ravel() for seed in plan.seeds])
    measured = _measured(plan, _plain(plan, plan.seeds), measure, renderer, control)
    fit = fit_ridge(latents @ latents.T / latents.shape[1], measured)
    along = fit.weights @ latents
    others = [bank.draw(NoiseSource(seed)).ravel() for seed in plan.held_out]
    actual = _measured(plan, _plain(plan, plan.held_out), measure, renderer, control)
    tested = stats.pearsonr([float(z @ along) for z in others], actual)
    unit = math.sqrt(len(along)) / float(np.linalg.norm(along))
    walks = [
        _walk(plan, seed, z, along * unit, fit.weights * unit)
        for seed, z in zip(plan.held_out, others, strict=True)
    ]
    values, pictures = [], []
    for number, walk in enumerate(walks):
        images = _rendered(plan, walk, renderer, control)
        values.append(measure(images))
        if number < shown:
            pictures.append(tuple(images))
    return _direction(plan, tested, fit.strength, np.array(values), tuple(pictures), walks[0])


def _direction(
    plan: DirectionPlan,
    tested: Any,
    strength: float,
    values: Values,
    pictures: tuple[tuple[m.Image, ...], ...],
    walk: Walk,
) -> Direction:
    """The outcome from scipy's correlation and the measures [seeds, angles] of the walks."""
    ends = tested.confidence_interval()
    return Direction(
        (float(tested.statistic), float(ends.low), float(ends.high)),
        float(tested.pvalue),
        strength,
        values,
        mean_interval(values),
        mean_interval(_slopes(values, plan.angles)),
        float(np.mean(values[:, -1] > values[:, 0])),
        pictures,
        walk,
    )


def _slopes(table: Values, angles: Sequence[float]) -> Values:
    """The change of the measure per radian of each seed [n], by least squares."""
    radians = np.deg2rad(angles)
    centred = radians - radians.mean()
    slopes: Values = (table - table.mean(axis=1, keepdims=True)) @ centred / (centred @ centred)
    return slopes


def _plain(plan: DirectionPlan, seeds: Sequence[int]) -> list[Walk]:
    """Walks whose frames are the first draws of seeds."""
    groups = [seeds[k : k + _AT_ONCE] for k in range(0, len(seeds), _AT_ONCE)]
    return [_through([Keyframe(plan.prompt, NoiseSource(s)) for s in group]) for group in groups]


def _through(keyframes: Sequence[Keyframe]) -> Walk:
    """A walk with a frame at each keyframe; a single one has a second frame that is not wanted."""
    several = tuple(keyframes) if len(keyframes) > 1 else (keyframes[0], keyframes[0])
    return Walk(several, frames=len(several))


def _walk(plan: DirectionPlan, seed: int, latent: Values, along: Values, weights: Values) -> Walk:
    """The walk of a seed along the direction `along` [d] of norm √d = Σ weights · z_k."""
    keyframes = []
    for angle in plan.angles:
        cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        norm = float(np.linalg.norm(cosine * latent + sine * along))
        scale = float(np.linalg.norm(latent)) / norm
        blend = tuple(
            NoiseTerm(NoiseSource(other), float(scale * sine * weight))
            for other, weight in zip(plan.seeds, weights, strict=True)
        )
        keyframes.append(
            Keyframe(plan.prompt, NoiseSource(seed), scale * cosine, blend if sine else ())
        )
    return _through(keyframes)


def _measured(
    plan: DirectionPlan,
    walks: Sequence[Walk],
    measure: Measure,
    renderer: Renderer,
    control: JobControl,
) -> Values:
    """The measure of each frame. Raises InputError, also if it is the same for all, and
    Cancelled."""
    found = np.concatenate([measure(_rendered(plan, w, renderer, control)) for w in walks])
    if np.ptp(found) == 0:
        raise InputError("The measure is the same for all seeds; choose another measure or prompt.")
    return found


def _rendered(
    plan: DirectionPlan, walk: Walk, renderer: Renderer, control: JobControl
) -> list[m.Image]:
    """The pictures of a walk's frames. Raises InputError and Cancelled."""
    exploration = Exploration(plan.model, walk=walk, sampling=plan.sampling)
    images: dict[int, m.Image] = {}
    for event in renderer.run(plain_request(exploration, plan.machine), control):
        match event:
            case m.FrameReady(tier=m.Tier.FINAL):
                images[event.index] = event.image
            case m.FrameFailed() | m.JobFailed():
                raise InputError(event.message)
            case m.JobCancelled():
                raise Cancelled
    return [images[k] for k in range(walk.frames)]
