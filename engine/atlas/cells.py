"""The cells of an atlas as a walk that renders them, and as the content of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.atlas.grid import Cell, PlaneFacts
from engine.walk import Keyframe, MethodChoice, Walk


@dataclass(frozen=True, slots=True)
class AtlasContent:
    """An atlas for its files: the spacing of its cells in std, the facts of the plane, and for each
    cell the key of its picture in the store, its keyframe (None for no sum of keyframes) and the
    name of its region, if regions were found."""

    spacing: float
    facts: PlaneFacts
    keys: Mapping[Cell, str]
    keyframes: Mapping[Cell, Keyframe | None]
    names: Mapping[Cell, str]


def cell_walk(points: Sequence[Keyframe], negative: str) -> Walk:
    """Returns a walk whose frame k is point k. A single point is there twice."""
    keyframes = tuple(points) if len(points) > 1 else (points[0], points[0])
    return Walk(keyframes, (MethodChoice("linear"),), negative, len(keyframes))
