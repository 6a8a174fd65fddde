"""Heat maps of the differences between the compared methods and one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.errors import InputError
from engine.export.contract import Add, Plan
from engine.messages import Image
from engine.pictures.colour_bar import colour_bar
from engine.pictures.heat_map import difference, heat_map, heat_table
from engine.pictures.title_strip import PAPER, caption_height
from engine.walk import Exploration


def with_differences(plan: Plan, exploration: Exploration, method: str) -> Plan:
    """Returns the plan with heat maps instead of the pictures of all methods except `method`.

    Pictures of the same row are compared. Raises InputError if `method` is not compared.
    """
    names = [choice.name for choice in exploration.side_by_side]
    if method not in names or len(names) < 2:
        listing = ", ".join(names) if len(names) > 1 else "several methods"
        raise InputError(
            f"There is no difference from {method!r}: it is taken from one of the methods that "
            f"are compared; compare {listing}, and name one of them."
        )
    lanes, own = range(len(plan.titles)), names.index(method)
    against = tuple(lane // len(names) * len(names) + own for lane in lanes)
    titles = (
        title if lane == other else f"{title} - {plan.titles[other]}"
        for lane, (title, other) in enumerate(zip(plan.titles, against, strict=True))
    )
    return replace(plan, titles=tuple(titles), against=against)


def with_colour_bars(add: Add, against: Sequence[int]) -> Add:
    """Returns an `add` that puts a colour bar below each heat map, and paper below the pictures."""

    def extended(lane: int, image: Image) -> Image:
        height, width = image.shape[:2]
        strip = caption_height(min(width, height)) * 3 // 2
        if lane == against[lane]:
            return np.concatenate([image, np.full((strip, width, 3), PAPER, np.uint8)])
        return np.concatenate([image, colour_bar(width, strip)])

    return lambda index, images: add(index, [extended(k, x) for k, x in enumerate(images)])


def differing(add: Add, against: Sequence[int]) -> Add:
    """Returns an `add` that passes differences on, see `Plan.against`."""
    table = heat_table()

    def picture(lane: int, images: Sequence[Image]) -> Image:
        if lane == against[lane]:
            return images[lane]
        return heat_map(difference(images[against[lane]], images[lane]), table)

    return lambda index, images: add(index, [picture(k, images) for k in range(len(images))])
