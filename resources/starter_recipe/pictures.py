"""The drawn panoramas on the device that trains, and the pictures that networks see of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .dataset import COLUMN, are_whole, open_bounds, open_panoramas, window_columns
from .vocabulary import PICTURE_SIZE


def to_tensor(pictures: NDArray[np.uint8] | Tensor) -> Tensor:
    """uint8 `[N, H, W, 3]` to float `[N, 3, H, W]` in −1…1."""
    tensor = pictures if isinstance(pictures, Tensor) else torch.from_numpy(np.array(pictures))
    return tensor.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


class Pictures:
    """Panoramas `[N, 128, 208, 3]` and the bounds of their figures `[N, 2]`."""

    def __init__(self, panoramas: Tensor, bounds: NDArray[np.int64]) -> None:
        self.panoramas = panoramas
        self.bounds = bounds

    def __len__(self) -> int:
        return len(self.bounds)

    def cut(self, chosen: NDArray[np.int64], starts: NDArray[np.int64], width: int) -> Tensor:
        """Of each chosen panorama the columns from its start on: uint8 `[N, 128, width, 3]`."""
        device = self.panoramas.device
        rows = torch.from_numpy(chosen).to(device)
        columns = torch.from_numpy(starts).to(device)[:, None] + torch.arange(width, device=device)
        lines = torch.arange(self.panoramas.shape[1], device=device)
        return self.panoramas[rows[:, None, None], lines[None, :, None], columns[:, None, :]]

    def windows(
        self, chosen: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[Tensor, NDArray[np.bool_]]:
        """Training windows `[N, 3, 128, 128]`, −1…1, and whether each shows its figures whole."""
        bounds = self.bounds[chosen]
        columns = window_columns(bounds, rng)
        pictures = to_tensor(self.cut(chosen, COLUMN * columns, PICTURE_SIZE))
        return pictures, are_whole(bounds, columns)

    def crops(self, batch: int, width: int, rng: np.random.Generator) -> Tensor:
        """Random crops of full height in step with the latent pixels: `[N, 3, 128, width]`.

        Half of them show a figure.
        """
        last = (self.panoramas.shape[2] - width) // COLUMN
        chosen = rng.integers(0, len(self), batch)
        anywhere = rng.integers(0, last + 1, batch)
        figures = self.bounds[chosen]
        at_figures = rng.uniform(figures[:, 0], figures[:, 1]) / COLUMN - width / (2 * COLUMN)
        columns = np.where(rng.uniform(size=batch) < 0.5, np.rint(at_figures), anywhere)
        starts = COLUMN * np.clip(columns, 0, last).astype(np.int64)
        return to_tensor(self.cut(chosen, starts, width))


def open_pictures(work: Path, device: torch.device | None = None) -> Pictures:
    """The training set of the work folder; on a CPU it stays on disk until it is looked at."""
    panoramas = torch.from_numpy(open_panoramas(work))
    return Pictures(panoramas if device is None else panoramas.to(device), open_bounds(work))


class GrowingPictures(Pictures):
    """The panoramas of a training set that is still being drawn: more of them as time goes on."""

    def __init__(self, work: Path, device: torch.device) -> None:
        super().__init__(torch.zeros(0), np.zeros((0, 2), np.int64))
        self._folder, self._device = work / "chunks", device
        self._parts: dict[Path, Tensor] = {}
        self.grow()

    def grow(self) -> None:
        """Takes in the chunks that were drawn since."""
        for path in sorted(set(self._folder.glob("*.npz")) - set(self._parts)):
            drawn = np.load(path)
            self._parts[path] = torch.from_numpy(drawn["pictures"]).to(self._device)
            self.bounds = np.concatenate((self.bounds, drawn["bounds"]))
        if sum(map(len, self._parts.values())) > len(self.panoramas):
            self.panoramas = torch.cat(list(self._parts.values()))
