"""The base of the formats that an encoder writes: MP4, WebM, GIF and WebP."""

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


def quality() -> Any:
    """The parameter that all lossy formats have."""
    help_text = "The higher, the finer the pictures, and the larger the file"
    return parameter(80, "Quality", low=20, high=100, help=help_text)


@dataclass(frozen=True)
class FilmFormat(ExportFormat):
    """Frames one after another; lanes stand side by side.

    `container` is the muxer's short name, `encoder` that of the encoder, `pixels` FFmpeg's pixel
    format. `counted`: a finished file has as many pictures as were added.
    """

    moves = True
    container: ClassVar[str]
    encoder: ClassVar[str]
    pixels: ClassVar[str]
    counted: ClassVar[bool] = True

    def options(self) -> dict[str, str]:
        """Those of the encoder."""
        return {}

    def muxing(self) -> dict[str, str]:
        """The options of the muxer."""
        return {}

    def write_texts(self, path: Path, texts: Mapping[str, str]) -> None:
        """Add what the muxer does not write to the finished file."""

    @classmethod
    def available(cls) -> bool:
        """Whether this machine's libraries have the encoder."""
        import av

        return cls.encoder in av.codecs_available

    def open(self, path: Path, plan: Plan) -> AbstractContextManager[Add]:
        """Raises InputError where the encoder is missing, too."""
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
        """The comment among the container's tags."""
        import av

        try:
            with av.open(str(path)) as container:
                tags = {key.lower(): value for key, value in container.metadata.items()}
        except av.FFmpegError as error:
            raise InputError(f"{path} cannot be read as a film ({error.strerror}).") from error
        return tags.get("comment")
