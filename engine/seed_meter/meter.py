"""Renders prompts × noises, measures their pictures, and computes the shares of variance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine import messages as m
from engine.errors import Cancelled, InputError
from engine.mailbox import JobControl
from engine.models.clip import Scorer
from engine.render.renderer import Renderer
from engine.requests import Machine, build_request
from engine.seed_meter.properties import CLIP, PROPERTIES, Numbers
from engine.statistics.two_way import Share, two_way
from engine.walk import Exploration, Keyframe, NoiseSource, Sampling, Walk

LEAST = 3


@dataclass(frozen=True, slots=True)
class MeterPlan:
    """The pictures of the meter: every prompt with the first draw of every seed."""

    model: str
    prompts: tuple[str, ...]
    seeds: tuple[int, ...]
    samplings: tuple[Sampling, ...]
    negative: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """The shares of each property at one guidance, and the pictures [prompts][noises]."""

    sampling: Sampling
    shares: dict[str, tuple[Share, ...]]
    pictures: tuple[tuple[m.Image, ...], ...]


def read_meter(
    plan: MeterPlan,
    renderer: Renderer,
    scorer: Scorer | None,
    control: JobControl,
    show: Callable[[m.Event], None] = lambda _: None,
    machine: Machine | None = None,
) -> list[Reading]:
    """Returns a reading for each guidance. Blocks. Raises InputError and Cancelled."""
    for name, items in (("prompts", plan.prompts), ("noises", plan.seeds)):
        if len(items) < LEAST:
            raise InputError(f"The seed meter needs {LEAST} {name} or more, not {len(items)}.")
    return [
        _reading(plan, sampling, renderer, scorer, control, show, machine or Machine())
        for sampling in plan.samplings
    ]


def _reading(
    plan: MeterPlan,
    sampling: Sampling,
    renderer: Renderer,
    scorer: Scorer | None,
    control: JobControl,
    show: Callable[[m.Event], None],
    machine: Machine,
) -> Reading:
    request = _request(plan, sampling, machine)
    pictures: dict[tuple[int, int], m.Image] = {}
    for event in renderer.run(request, control):
        show(event)
        match event:
            case m.FrameReady(tier=m.Tier.FINAL):
                pictures[event.lane, event.index] = event.image
            case m.FrameFailed() | m.JobFailed():
                raise InputError(event.message)
            case m.JobCancelled():
                raise Cancelled
    noises = range(len(plan.seeds))
    rows = [[pictures[lane, k] for k in noises] for lane in range(len(plan.prompts))]
    tables = {name: _table(rows, of) for name, of in PROPERTIES.items()}
    if scorer is not None:
        tables[CLIP] = np.stack([np.asarray(scorer.images(row), np.float64) for row in rows])
    shares = {name: two_way(table) for name, table in tables.items()}
    return Reading(sampling, shares, tuple(map(tuple, rows)))


def _request(plan: MeterPlan, sampling: Sampling, machine: Machine) -> m.RenderRequest:
    """A lane for each prompt, with a keyframe and a frame for each noise."""
    walks = [
        Walk(
            tuple(Keyframe(prompt, NoiseSource(seed)) for seed in plan.seeds),
            negative=plan.negative,
            frames=len(plan.seeds),
        )
        for prompt in plan.prompts
    ]
    first, *rows = walks
    exploration = Exploration(plan.model, walk=first, rows=tuple(rows), sampling=sampling)
    request = build_request(exploration, 1, machine=machine)
    return replace(request, previews=False, in_order=True, geometry=False)


def _table(rows: Sequence[Sequence[m.Image]], of: Callable[[m.Image], Numbers]) -> Numbers:
    return np.array([[of(image) for image in row] for row in rows])
