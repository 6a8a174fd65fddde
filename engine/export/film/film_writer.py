"""Writes videos and animations frame by frame with PyAV, in constant memory.

A frame is encoded on a thread of its own while the next one is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from engine.atomic import PART, WriteError, atomic_path
from engine.errors import InputError
from engine.export.contract import Add, Plan
from engine.export.film.palette import Palette
from engine.export.mosaic import Mosaic, Tile
from engine.messages import Image

BT709 = 1  # its number as matrix, primaries and transfer function
#: Options for a file that is valid up to the last second if the program is killed.
LIVE_MUXING = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}


@dataclass(frozen=True, slots=True)
class Codec:
    """A format's container, encoder and pixel format with their options, and its frame rate.

    `counted` is True if the file has as many pictures as were added. `write_texts` adds metadata
    that the muxer does not write to the finished file.
    """

    container: str
    encoder: str
    pixels: str
    options: dict[str, str]
    muxing: dict[str, str]
    rate: Fraction
    counted: bool
    write_texts: Callable[[Path, Mapping[str, str]], None]


@contextmanager
def open_film(path: Path, plan: Plan, codec: Codec) -> Iterator[Add]:
    """Opens a file that takes frames in order, with lanes side by side. Counts the frames at the
    end.

    Raises InputError if no frame was added, and WriteError if the file cannot be written or has
    another number of frames than were added.
    """
    label = "recording" if plan.live else PART  # a killed recording is playable, so it is kept
    with atomic_path(path, plan.existing, label) as part:
        muxing = LIVE_MUXING if plan.live else codec.muxing
        with (
            av.open(str(part), "w", format=codec.container, options=muxing) as container,
            ThreadPoolExecutor(1, thread_name_prefix="encoder") as encoder,
        ):
            container.metadata.update(plan.about)
            film = _Film(container, codec, plan, encoder)
            yield film.add
            film.end()
        codec.write_texts(part, plan.about)
        if codec.counted and count_frames(part) != film.count:
            raise WriteError(f"{path} did not take all {film.count} frames; export it again.")


def count_frames(path: Path) -> int:
    """Counts the frames of a video or GIF without decoding. (WebP merges equal frames.)"""
    with av.open(str(path)) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)


class _Film:
    """Owns the stream, which is opened at the first picture, when the size is known."""

    def __init__(self, container: Any, codec: Codec, plan: Plan, encoder: Executor) -> None:
        self._container, self._codec, self._plan = container, codec, plan
        self._encoder, self._encoding = encoder, _nothing()
        self._titles = plan.titles if len(plan.titles) > 1 else ("",)
        self._mosaic: Mosaic | None = None
        self._reformatter = VideoReformatter()
        self._stream: Any = None
        self._palette: Palette | None = None
        self.count = 0

    def add(self, index: int, images: Sequence[Image]) -> None:
        """Add the next frame; its index is not used. Errors are raised one frame later."""
        picture = self._in_a_row(images)
        if self._codec.pixels == "yuv420p":
            picture = _even(picture)
        if self._stream is None:
            self._open(picture.shape[1], picture.shape[0])
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = self.count
        frame.time_base = 1 / self._codec.rate
        self.count += 1
        made = self._palette.apply(frame) if self._palette else self._convert(frame)
        self._encoding.result()
        self._encoding = self._encoder.submit(self._encode, made)

    def _in_a_row(self, images: Sequence[Image]) -> Image:
        """Return the lanes side by side in full size, with titles if there are several."""
        if self._mosaic is None:
            height, width = images[0].shape[:2]
            self._mosaic = Mosaic(width, height, largest=None)
        tiles = [Tile(*lane) for lane in zip(images, self._titles, strict=True)]
        return self._mosaic.compose(tiles, len(tiles))

    def end(self) -> None:
        """Write the frames that the encoder still holds."""
        if self._stream is None:
            raise InputError("There are no frames to export yet; generate the walk first.")
        self._encoding.result()
        if self._palette:
            self._encode(self._palette.end())
        self._encode([None])

    def _open(self, width: int, height: int) -> None:
        options = dict(self._codec.options)
        if self._plan.live:
            options |= {"tune": "zerolatency", "g": str(max(1, round(self._codec.rate)))}
        encoder, rate = self._codec.encoder, self._codec.rate
        self._stream = self._container.add_stream(encoder, rate=rate, options=options)
        context = self._stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, self._codec.pixels
        context.time_base = 1 / rate
        if self._codec.pixels == "yuv420p":
            context.colorspace = context.color_primaries = context.color_trc = BT709
            context.color_range = ColorRange.MPEG
        elif self._codec.pixels == "pal8":
            self._palette = Palette(width, height, rate)

    def _convert(self, frame: Any) -> list[Any]:
        if self._codec.pixels != "yuv420p":
            return [self._reformatter.reformat(frame, format=self._codec.pixels)]
        converted = self._reformatter.reformat(
            frame,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.AREA,
        )
        return [converted]

    def _encode(self, frames: Sequence[Any]) -> None:
        for frame in frames:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)


def _nothing() -> Future[None]:
    """Returns a future that is done."""
    done: Future[None] = Future()
    done.set_result(None)
    return done


def _even(picture: Image) -> Image:
    """Repeats the last row or column of odd sides, because chroma has half the size."""
    odd = picture.shape[0] % 2, picture.shape[1] % 2
    if not any(odd):
        return picture
    return np.pad(picture, ((0, odd[0]), (0, odd[1]), (0, 0)), mode="edge")
