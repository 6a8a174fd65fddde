"""GIF: 256 colours for each frame, supported by all programs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from engine.export.contract import formats
from engine.export.film.animation import Animation
from engine.export.film.animation_text import GIF


@formats.register("gif")
@dataclass(frozen=True)
class Gif(Animation):
    """An endless animation. Metadata are comments."""

    label = "Animation, GIF"
    suffix = ".gif"
    bytes_per_pixel = 1.0
    clock = Fraction(1, 100)
    fewest_ticks = 2
    container = "gif"
    encoder = "gif"
    pixels = "pal8"
    signatures = GIF
