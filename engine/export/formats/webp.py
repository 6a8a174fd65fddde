"""Animated WebP: full colours in smaller files than GIF, supported by browsers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from engine.export.contract import formats
from engine.export.film.animation_text import WEBP, add_texts, read_document
from engine.export.film.film_format import FilmFormat, quality


@formats.register("webp")
@dataclass(frozen=True)
class WebP(FilmFormat):
    """An endless animation. Metadata are EXIF. The encoder merges equal frames, so frames cannot be
    counted."""

    label = "Animation, WebP"
    suffix = ".webp"
    bytes_per_pixel = 0.4
    clock = Fraction(1, 1000)
    container = "webp"
    encoder = "libwebp_anim"
    pixels = "bgra"
    counted = False

    quality: int = quality()

    def options(self) -> dict[str, str]:
        return {"quality": str(self.quality), "compression_level": "2"}

    def muxing(self) -> dict[str, str]:
        return {"loop": "0"}

    def write_texts(self, path: Path, texts: Mapping[str, str]) -> None:
        add_texts(path, texts)

    @classmethod
    def recognises(cls, head: bytes, suffix: str) -> bool:
        return head.startswith(WEBP)

    @classmethod
    def read_document(cls, path: Path) -> str | None:
        return read_document(path)
