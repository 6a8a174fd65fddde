"""GIF: 256 colours for each frame, supported by all programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from engine.export.contract import formats
from engine.export.film.animation_text import GIF, add_texts, read_document
from engine.export.film.film_format import FilmFormat


@formats.register("gif")
@dataclass(frozen=True)
class Gif(FilmFormat):
    """An endless animation. Metadata are comments."""

    label = "Animation, GIF"
    suffix = ".gif"
    bytes_per_pixel = 1.0
    clock = Fraction(1, 100)
    container = "gif"
    encoder = "gif"
    pixels = "pal8"

    def muxing(self) -> dict[str, str]:
        return {"loop": "0"}

    def write_texts(self, path: Path, texts: Mapping[str, str]) -> None:
        add_texts(path, texts)

    @classmethod
    def recognises(cls, head: bytes, suffix: str) -> bool:
        return head.startswith(GIF)

    @classmethod
    def read_document(cls, path: Path) -> str | None:
        return read_document(path)
