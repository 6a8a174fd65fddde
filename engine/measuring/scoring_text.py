"""The text that the pictures of a walk are scored with: one that is given, or the walk's prompts.

Light to import.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.conditioning import Array32
from engine.tracks.prompts import prompt_place, prompts_in
from engine.walk import Walk

#: How the score follows prompts that differ, for tips and tables.
RULE = (
    "Without a text of its own, the score follows the prompt; between two prompts it is "
    "(1−γ) times that of the first and γ times that of the second"
)


def scoring_texts(given: str, walk: Walk) -> tuple[str, ...]:
    """The texts that a walk's pictures are scored with, each once: `given`, or the prompts."""
    if given.strip():
        return (given,)
    return tuple(dict.fromkeys(prompts_in(walk)))


def direction_at(
    given: str, walk: Walk, time: float, directions: Mapping[str, Array32]
) -> Array32 | None:
    """The vector [d] whose product with a picture's direction is its cosine at `time` in 0…1.

    Between two prompts it is (1−γ) of the first one's direction plus γ of the second one's: the
    cosines have the shares that the prompts have in the walk. It is not normalised, since a vector
    of length 1 between two directions would score pictures higher than both of them do. None where
    `directions` lacks a text.
    """
    if given.strip():
        return directions.get(given)
    place = prompt_place(walk, time)
    start, end = directions.get(place.first), directions.get(place.last)
    if start is None or end is None or place.first == place.last:
        return start
    mixed: Array32 = (start * (1.0 - place.gamma) + end * place.gamma).astype(start.dtype)
    return mixed


def scoring_label(given: str, walk: Walk) -> str:
    """The scoring text as it is shown: `given`, or the prompts in their order, "a cat → a fox"."""
    if given.strip():
        return given
    return " → ".join(prompts_in(walk))
