"""WebM with VP9, which needs no patent licence."""

from __future__ import annotations

import os
from dataclasses import dataclass

from engine.export.contract import formats
from engine.export.film.film_format import FilmFormat, quality

_MOST_THREADS = 8


@formats.register("webm")
@dataclass(frozen=True)
class WebM(FilmFormat):
    """VP9 in 4:2:0, BT.709, at the encoder's highest speed."""

    label = "Video, WebM (VP9)"
    suffix = ".webm"
    bytes_per_pixel = 0.25
    container = "webm"
    encoder = "libvpx-vp9"
    pixels = "yuv420p"

    quality: int = quality()

    def options(self) -> dict[str, str]:
        return {
            "crf": str(round(62 - 0.5 * self.quality)),
            "b": "0",
            "deadline": "realtime",
            "cpu-used": "8",
            "row-mt": "1",
            "tile-columns": "2",  # as many as the width allows
            "threads": str(min(os.cpu_count() or 1, _MOST_THREADS)),
        }
