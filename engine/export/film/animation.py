"""The base class of animations: GIF and WebP, whose metadata the encoders do not write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from engine.export.film.animation_text import add_texts, read_document
from engine.export.film.film_format import FilmFormat


@dataclass(frozen=True)
class Animation(FilmFormat):
    """A film that repeats without end. `signatures` are the first bytes of its files."""

    signatures: ClassVar[tuple[bytes, ...]]

    def muxing(self) -> dict[str, str]:
        return {"loop": "0"}

    def write_texts(self, path: Path, texts: Mapping[str, str]) -> None:
        add_texts(path, texts)

    @classmethod
    def recognises(cls, head: bytes, suffix: str) -> bool:
        return head.startswith(cls.signatures)

    @classmethod
    def read_document(cls, path: Path) -> str | None:
        return read_document(path)
