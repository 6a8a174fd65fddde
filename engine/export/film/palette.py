"""256 colours for each frame of a GIF, chosen and dithered by FFmpeg's filters."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
from av.filter import Graph


class Palette:
    """Owns a filter graph that converts RGB frames to paletted frames.

    The colours are chosen on a smaller copy, which is several times faster. Ordered dithering keeps
    its pattern from frame to frame, while error diffusion would flicker.
    """

    def __init__(self, width: int, height: int, rate: Fraction) -> None:
        self._graph = graph = Graph()
        colours = av.VideoFormat("rgb24", width, height)
        source = graph.add_buffer(width=width, height=height, format=colours, time_base=1 / rate)
        split = graph.add("split")
        small = graph.add("scale", f"{min(width, 128)}:{min(height, 128)}:flags=neighbor")
        choose = graph.add("palettegen", "stats_mode=single:reserve_transparent=0")
        use = graph.add("paletteuse", "dither=bayer:bayer_scale=4:new=1")
        source.link_to(split)
        split.link_to(small, 0, 0)
        split.link_to(use, 1, 0)
        small.link_to(choose)
        choose.link_to(use, 0, 1)
        use.link_to(graph.add("buffersink"))
        graph.configure()

    def apply(self, frame: Any) -> list[Any]:
        """Add a frame. Returns the frames that are ready."""
        self._graph.push(frame)
        return self._ready()

    def end(self) -> list[Any]:
        """Return the remaining frames."""
        self._graph.push(None)
        return self._ready()

    def _ready(self) -> list[Any]:
        frames: list[Any] = []
        while True:
            try:
                frames.append(self._graph.pull())
            except (av.BlockingIOError, av.EOFError):
                return frames
