"""The base class of formats that an encoder writes: MP4, WebM, GIF and WebP."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from engine.errors import InputError
from engine.export.contract import Add, ExportFormat, Plan
from engine.parameters import parameter

#: The longest side that every encoder takes; WebP's limit is the lowest.
MAX_SIDE = 16383
#: Only these containers are read. Some others, such as lists of films, name files and addresses
#: that FFmpeg would open.
_READ_OPTIONS = {"format_whitelist": "mov,mp4,matroska,webm", "protocol_whitelist": "file"}


def quality() -> Any:
    """Declares the quality parameter of lossy formats."""
    help_text = "A higher quality gives finer pictures and a larger file"
    return parameter(80, "Quality", low=20, high=100, help=help_text)


@dataclass(frozen=True)
class FilmFormat(ExportFormat):
    """A format that shows frames one after another, with lanes side by side.

    `container` is the short name of the muxer, `encoder` the name of the encoder, and `pixels`
    FFmpeg's pixel format. `counted` is True if a finished file has as many pictures as were added.
    """

    moves = True
    container: ClassVar[str]
    encoder: ClassVar[str]
    pixels: ClassVar[str]
    counted: ClassVar[bool] = True

    def options(self) -> dict[str, str]:
        """Return the options of the encoder."""
        return {}

    def muxing(self) -> dict[str, str]:
        """Return the options of the muxer."""
        return {}

    def write_texts(self, path: Path, texts: Mapping[str, str]) -> None:
        """Add metadata that the muxer does not write to the finished file."""

    @classmethod
    def available(cls) -> bool:
        """True if this machine's libraries have the encoder."""
        import av

        return cls.encoder in av.codecs_available

    def open(self, path: Path, plan: Plan) -> AbstractContextManager[Add]:
        """Also raises InputError if the encoder is missing."""
        from engine.export.film.film_writer import Codec, open_film

        if not self.available():
            raise InputError(
                f"The encoder {self.encoder} is missing here; export PNG pictures or another "
                "format."
            )
        codec = Codec(
            self.container,
            self.encoder,
            self.pixels,
            self.options(),
            self.muxing(),
            self.kept_rate(plan.fps),
            self.counted,
            self.write_texts,
        )
        return open_film(path, plan, codec)

    def check(self, path: Path, plan: Plan, width: int, height: int) -> None:
        from engine.export.mosaic import Tile, lay_out

        super().check(path, plan, width, height)
        tiles = [Tile(None, title) for title in plan.titles]
        page = lay_out(tiles, len(tiles), *self.size_of(width, height), largest=None).page
        if max(page) > MAX_SIDE:
            raise InputError(
                f"The film would be {page[1]:,}×{page[0]:,} pixels large, and at most "
                f"{MAX_SIDE:,} fit on a side; choose a smaller size."
            )

    @classmethod
    def recognises(cls, head: bytes, suffix: str) -> bool:
        return suffix == cls.suffix

    @classmethod
    def read_document(cls, path: Path) -> str | None:
        """Return the comment in the container's tags."""
        import av

        try:
            with av.open(str(path), container_options=_READ_OPTIONS) as container:
                tags = {key.lower(): value for key, value in container.metadata.items()}
        except av.FFmpegError as error:
            raise InputError(f"{path} cannot be read as a film ({error.strerror}).") from error
        return tags.get("comment")
