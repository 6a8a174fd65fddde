"""The influence of channels, regions and bands of z_T: each is drawn anew, the law is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine import messages as m
from engine.errors import Cancelled, InputError
from engine.mailbox import JobControl
from engine.pictures.picture_distance import distance, pyramid_of
from engine.render.renderer import Renderer
from engine.requests import Machine, build_request
from engine.statistics.intervals import Interval, mean_interval
from engine.walk import Exploration, Keyframe, MethodChoice, NoiseSource, Sampling, Walk

Map = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LatentPart:
    """A part of the latent: its name, the method that draws it anew, and its rectangle (left, top,
    right, bottom) in shares of the picture, or None."""

    name: str
    choice: MethodChoice
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Influence:
    """The change of the picture by a part. `change` is the perceptual distance over all pairs, with
    its interval. `map` [H, W] is the mean change of each pixel's colour, in 0…1. `inside` is the
    share of that change inside the part's rectangle, NaN without one."""

    part: LatentPart
    change: Interval
    map: Map
    inside: float


def parts_of(channels: int, grid: int) -> tuple[LatentPart, ...]:
    """All channels, a grid of regions with `grid` cells along each side, and two bands."""
    found = [LatentPart("all", MethodChoice("part"))]
    found += [
        LatentPart(f"channel {k}", MethodChoice("part", (("channel", k),)))
        for k in range(1, channels + 1)
    ]
    found += [
        LatentPart(f"{band} frequencies", MethodChoice("part", (("band", band),)))
        for band in ("low", "high")
    ]
    return (*found, *_regions(grid))


def _regions(grid: int) -> Iterator[LatentPart]:
    for row in range(grid):
        for column in range(grid):
            edges = (column / grid, row / grid, (column + 1) / grid, (row + 1) / grid)
            names = ("left", "top", "right", "bottom")
            params = tuple(sorted(zip(names, edges, strict=True)))
            name = f"region {row + 1}, {column + 1}"
            yield LatentPart(name, MethodChoice("part", params), edges)


@dataclass(frozen=True, slots=True)
class InfluencePlan:
    """The pictures: for each seed, its first draw alone, and with each part from its second one."""

    model: str
    prompt: str
    sampling: Sampling
    seeds: tuple[int, ...]
    parts: tuple[LatentPart, ...]
    machine: Machine


def measure_influence(
    plan: InfluencePlan, renderer: Renderer, control: JobControl
) -> list[Influence]:
    """Renders and compares. Blocks. Raises InputError and Cancelled."""
    changes = np.empty((len(plan.seeds), len(plan.parts)))
    maps: list[Map] = []
    for number, seed in enumerate(plan.seeds):
        pictures = _pictures(plan, seed, renderer, control)
        found = [_compared(*pair) for pair in pictures]
        changes[number] = [change for change, _ in found]
        here = [each for _, each in found]
        maps = here if not maps else [a + b for a, b in zip(maps, here, strict=True)]
    intervals = mean_interval(changes)
    return [
        Influence(part, _at(intervals, k), maps[k] / len(plan.seeds), _inside(maps[k], part))
        for k, part in enumerate(plan.parts)
    ]


def _pictures(
    plan: InfluencePlan, seed: int, renderer: Renderer, control: JobControl
) -> list[tuple[m.Image, m.Image]]:
    """The pictures of a seed before and after, for each part."""
    ends = tuple(Keyframe(plan.prompt, NoiseSource(seed, draw)) for draw in (0, 1))
    exploration = Exploration(
        plan.model,
        walk=Walk(ends, frames=2),
        compare=tuple(part.choice for part in plan.parts),
        sampling=plan.sampling,
    )
    images: dict[tuple[int, int], m.Image] = {}
    for event in renderer.run(plain_request(exploration, plan.machine), control):
        match event:
            case m.FrameReady(tier=m.Tier.FINAL):
                images[event.lane, event.index] = event.image
            case m.FrameFailed() | m.JobFailed():
                raise InputError(event.message)
            case m.JobCancelled():
                raise Cancelled
    return [(images[lane, 0], images[lane, 1]) for lane in range(len(plan.parts))]


def plain_request(exploration: Exploration, machine: Machine) -> m.RenderRequest:
    """Returns a request without previews and geometry."""
    request = build_request(exploration, 1, machine=machine)
    return replace(request, previews=False, in_order=True, geometry=False)


def _compared(before: m.Image, after: m.Image) -> tuple[float, Map]:
    """The perceptual distance, and the map of the colours' differences in 0…1."""
    difference = np.abs(before.astype(np.float64) - after).mean(axis=2) / 255.0
    return distance(pyramid_of(before), pyramid_of(after)), difference


def _inside(change: Map, part: LatentPart) -> float:
    if part.box is None or not change.any():
        return float("nan")
    height, width = change.shape
    left, top, right, bottom = part.box
    rows = slice(round(top * height), round(bottom * height))
    columns = slice(round(left * width), round(right * width))
    return float(change[rows, columns].sum() / change.sum())


def _at(intervals: Interval, number: int) -> Interval:
    return Interval(*(np.array(x) for x in intervals.at(number)))
