"""Animated WebP: full colours in smaller files than GIF, supported by browsers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from engine.export.contract import formats
from engine.export.film.animation import Animation
from engine.export.film.animation_text import WEBP
from engine.export.film.film_format import quality


@formats.register("webp")
@dataclass(frozen=True)
class WebP(Animation):
    """An endless animation. Metadata are EXIF. The encoder merges equal frames, so frames cannot be
    counted."""

    label = "Animation, WebP"
    suffix = ".webp"
    bytes_per_pixel = 0.4
    clock = Fraction(1, 1000)
    fewest_ticks = 11
    container = "webp"
    encoder = "libwebp_anim"
    pixels = "bgra"
    signatures = (WEBP,)
    counted = False

    quality: int = quality()

    def options(self) -> dict[str, str]:
        return {"quality": str(self.quality), "compression_level": "2"}
