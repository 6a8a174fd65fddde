"""A panorama: the pictures of a translation side by side, as one wide picture."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.atomic import choose_path, write_bytes
from engine.errors import InputError
from engine.export.contract import Add, ExportFormat, Plan, check_picture, formats
from engine.messages import Image
from engine.parameters import parameter
from engine.pictures.tiff import MAX_SIDE, encode_tiff, is_tiff, read_description


@formats.register("panorama")
@dataclass(frozen=True)
class Panorama(ExportFormat):
    """Takes frames in any order. Each lane is one strip; the strips stand below one another.

    A pixel of the strip is the mean of the frames that show it, with Gaussian weights about the
    middle of each: the frame whose middle is nearest has the most. Nothing is stretched.
    """

    label = "Panorama, TIFF"
    suffix = ".tif"
    bytes_per_pixel = 3.0
    colour_bars = False

    blend: float = parameter(
        6.0,
        "Blend",
        low=2.0,
        high=50.0,
        step=1.0,
        unit="%",
        help="Width of the change from one frame to the next, of a picture's width",
    )

    @contextmanager
    def open(self, path: Path, plan: Plan) -> Iterator[Add]:
        choose_path(path, plan.existing)
        strips = [_Strip(places, self.blend / 100.0) for places in self._places(plan)]

        def add(index: int, images: Sequence[Image]) -> None:
            for strip, image in zip(strips, images, strict=True):
                strip.add(index, check_picture(image))

        yield add
        picture = np.concatenate([strip.picture() for strip in strips])
        session = plan.about.get("comment", "")
        ascii_session = json.dumps(json.loads(session)) if session else ""
        write_bytes(path, encode_tiff(picture, ascii_session), plan.existing)

    @classmethod
    def recognises(cls, head: bytes, suffix: str) -> bool:
        return is_tiff(head)

    @classmethod
    def read_document(cls, path: Path) -> str | None:
        return read_description(path)

    def estimate(self, plan: Plan, width: int, height: int) -> int:
        width, height = self.size_of(width, height)
        shown = [[p[k] for k in plan.indices if k < len(p)] for p in plan.places]
        widths = sum(1.0 + max(places) - min(places) for places in shown if places)
        return round(self.bytes_per_pixel * width * height * widths)

    def check(self, path: Path, plan: Plan, width: int, height: int) -> None:
        choose_path(path, plan.existing)
        width, _ = self.size_of(width, height)
        for places in self._places(plan):
            if (1.0 + max(places) - min(places)) * width > MAX_SIDE:
                raise InputError(
                    f"The panorama would be wider than {MAX_SIDE:,} pixels; export fewer keyframes "
                    "or smaller pictures."
                )

    def _places(self, plan: Plan) -> list[dict[int, float]]:
        """Returns the places of the frames of each lane that are exported. Raises InputError."""
        if len(plan.places) != len(plan.titles) or not plan.indices or not all(plan.places):
            raise InputError(
                "A panorama is made from a translation; choose the method Translation for the "
                "whole walk, or another export format."
            )
        return [{k: places[k] for k in plan.indices} for places in plan.places]


class _Strip:
    """Owns the sums of one lane's strip, which are created at the first picture."""

    def __init__(self, places: dict[int, float], blend: float) -> None:
        self._places, self._blend = places, blend
        self._first, self._last = min(places.values()), max(places.values())
        self._sum: npt.NDArray[np.float64] | None = None
        self._weight = np.empty(0)

    def add(self, index: int, image: Image) -> None:
        """Place frame `index` [H, W, 3]."""
        height, width = image.shape[:2]
        if self._sum is None:
            whole = width + round((self._last - self._first) * width)
            self._sum, self._weight = np.zeros((height, whole, 3)), np.zeros(whole)
        left = round((self._places[index] - self._first) * width)
        away = ((np.arange(width) + 0.5) / width - 0.5) / self._blend
        weight = np.exp(-0.5 * away**2)
        self._sum[:, left : left + width] += weight[:, None] * image
        self._weight[left : left + width] += weight

    def picture(self) -> Image:
        """Returns the strip [H, W, 3], black between frames. Raises InputError without frames."""
        if self._sum is None:
            raise InputError("There are no frames to export yet; generate the walk first.")
        mean = self._sum / np.where(self._weight > 0.0, self._weight, 1.0)[:, None]
        return mean.round().astype(np.uint8)
