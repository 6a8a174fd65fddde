"""Makes the descriptions of the viewer's panes from the state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from engine.conditioning import Array32
from engine.messages import Image, ProbeReady, Tier
from engine.pictures.heat_map import difference, heat_map, heat_table
from engine.pictures.latent_view import Colours, channel_maps, fit_colours, in_colour, seam_at
from engine.view import ViewMode
from engine.walk import frame_text
from gui.state.explorer_state import ExplorerState
from gui.state.results import LaneResults
from gui.widgets.text_format import shell_distance


@dataclass(frozen=True, slots=True)
class Pane:
    """One picture of the viewer, with the title above it and a note in its corner.

    `method` is the method whose colour the title has. `warn` marks a note about a failure.
    `current` marks the pane in focus, or in a sheet the one at the playhead. `raw` pixels are
    painted as squares. `seam` is the place where two noises meet, as a share of the width. With
    `heads_row`, the title belongs to the whole row and may be wider than the picture. With
    `beside`, the title is left of the picture, in a space of so many pixels. `frame` is the lane
    and index of a finished frame. `colour_bar` marks a heat map, which shows its scale.
    """

    image: Image | None = field(default=None, repr=False, compare=False)
    title: str = ""
    method: str = ""
    note: str = ""
    warn: bool = False
    current: bool = False
    raw: bool = False
    seam: float | None = None
    heads_row: bool = False
    beside: float = 0.0
    frame: tuple[int, int] | None = None
    colour_bar: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """The visible panes in reading order, their number of columns, and their lanes. For a point of
    the plane, `lanes` is empty. `crisp` pixels are drawn as squares."""

    panes: tuple[Pane, ...] = ()
    columns: int = 1
    lanes: tuple[int, ...] = ()
    crisp: bool = False


class PaneReader:
    """Makes panes from the state. It keeps each lane's last picture until a new job has one, and
    the last heat maps, because computing them is slow."""

    def __init__(self, state: ExplorerState) -> None:
        self._state = state
        self._kept: dict[int, Image] = {}
        self._table = heat_table()
        self._heat: dict[int, tuple[Image, Image, Pane]] = {}

    def read(self, mode: ViewMode, lane: int) -> list[Pane]:
        """Returns the panes of `mode`. `lane` is the lane that is shown alone, or that differences
        are taken from. A point of the plane replaces a single picture; in the other modes it is
        the last pane."""
        probe = self._state.probe
        if probe is None:
            return self._of_walk(mode, lane)
        point = _probe_pane(probe)
        if mode is ViewMode.SINGLE:
            return [point]
        panes = [replace(pane, title=pane.title or " ") for pane in self._of_walk(mode, lane)]
        return [*panes, replace(point, title="point of the plane" if panes else "")]

    def forget(self) -> None:
        """Forget the pictures that are kept until a new job has one."""
        self._kept.clear()
        self._heat.clear()

    def _of_walk(self, mode: ViewMode, lane: int) -> list[Pane]:
        lanes = range(len(self._state.results.lanes))
        if mode is ViewMode.LATENT:
            return self._latents(lane)
        readers: dict[ViewMode, Callable[[], list[Pane]]] = {
            ViewMode.SINGLE: lambda: [replace(self._pane(lane), title="")],
            ViewMode.COMPARE: lambda: [replace(self._pane(k), current=k == lane) for k in lanes],
            ViewMode.DIFFERENCE: lambda: self._differences(lane),
            ViewMode.SHEET: lambda: [self._cell(k, i) for k in lanes for i in self._columns()],
        }
        return readers[mode]() if len(lanes) > 1 or mode is ViewMode.SHEET else [self._alone()]

    def _alone(self) -> Pane:
        return replace(self._pane(0), title="")

    def _latents(self, lane: int) -> list[Pane]:
        """Returns panes of z_T and below them of z_0: first in colour, then each channel. They are
        of the nearest finished frame, which the first pane names; empty until there is one."""
        index = self._state.playhead
        found = self._state.results.finished(lane, index)
        if found is None:
            return []
        near, frame = found
        results, model = self._state.results.lanes[lane], self._state.model
        walk = results.lane.walk
        columns = frame.image.shape[1] // model.multiple if model else frame.initial.shape[2]
        seam = seam_at(walk, walk.time_of(near), columns)
        share = None if seam is None else seam / columns
        colours = fit_colours(frame.final, frame.image)
        rows = (("noise z_T", frame.initial), ("result z_0", frame.final))
        first, *rest = (p for name, z in rows for p in _latent_row(name, z, colours, share))
        note, warn = _note(results, index, near)
        return [replace(first, note=note, warn=warn), *rest]

    def _pane(self, lane: int) -> Pane:
        index = self._state.playhead
        found = self._state.results.nearest_image(lane, index)
        title, method = self._title(lane)
        if found is None:
            kept = self._kept.get(lane)
            note = "previous picture" if kept is not None else ""
            return Pane(kept, title, method, note)
        near, image = found
        self._kept[lane] = image
        note, warn = _note(self._state.results.lanes[lane], index, near)
        return Pane(image, title, method, note, warn, frame=self._frame(lane, near))

    def _cell(self, lane: int, index: int) -> Pane:
        title, method = self._title(lane)
        current, first = index == self._state.playhead, index == 0
        image = self._state.results.image(lane, index)
        title, frame = title if first else " ", self._frame(lane, index)
        return Pane(image, title, method, current=current, heads_row=first, frame=frame)

    def _frame(self, lane: int, index: int) -> tuple[int, int] | None:
        """Returns lane and index of a frame, None if it is not finished."""
        return (lane, index) if index in self._state.results.lanes[lane].keys else None

    def _columns(self) -> range:
        return range(self._state.frame_count)

    def _title(self, lane: int) -> tuple[str, str]:
        if lane >= len(self._state.results.lanes):
            return "", ""
        entry = self._state.results.lanes[lane].lane
        return entry.title, entry.walk.method_of(0).name

    def _differences(self, lane: int) -> list[Pane]:
        reference = self._pane(lane)
        others = [k for k in range(len(self._state.results.lanes)) if k != lane]
        return [reference, *(self._difference(reference, k) for k in others)]

    def _difference(self, reference: Pane, lane: int) -> Pane:
        other = self._pane(lane)
        title = f"{other.title} − {reference.title}"
        if other.image is None or reference.image is None:
            return replace(other, image=None, title=title, frame=None)
        if other.image.shape != reference.image.shape:
            return replace(other, image=None, title=title, note="pictures of different sizes")
        first, second, pane = self._heat.get(lane, (None, None, None))
        if pane is None or first is not reference.image or second is not other.image:
            gap = difference(reference.image, other.image)
            note = f"mean difference {gap.mean() / 2.55:.1f} %"
            heat = heat_map(gap, self._table)
            pane = Pane(heat, title, other.method, note, colour_bar=True)
            self._heat[lane] = (reference.image, other.image, pane)
        return pane


def _latent_row(name: str, latent: Array32, colours: Colours, seam: float | None) -> list[Pane]:
    """Returns panes of a latent [C, h, w]: first its approximate colours, then each channel."""
    maps = channel_maps(latent)
    grey = [np.ascontiguousarray(np.broadcast_to(z[..., None], (*z.shape, 3))) for z in maps]
    first = Pane(in_colour(latent, colours), name, raw=True, seam=seam)
    titles = (f"ch. {number}" for number in range(1, len(maps) + 1))
    return [first, *(Pane(z, t, raw=True, seam=seam) for z, t in zip(grey, titles, strict=True))]


def _probe_pane(probe: ProbeReady) -> Pane:
    """Returns the pane of a point of the plane, with its std and distance from the shell."""
    note = f"std {probe.std:.3f} · {shell_distance(probe.norm_z)}"
    tier = {Tier.PREVIEW: " · preview", Tier.DRAFT: " · draft"}.get(probe.tier, "")
    return Pane(probe.image, note=f"{note}{tier}")


def _note(results: LaneResults, index: int, near: int) -> tuple[str, bool]:
    """Returns the note for frame `near` shown in place of frame `index`, and True for a failure."""
    if results.tiers[index] == Tier.FAILED:
        other = "preview" if near == index else f"nearest: {frame_text(near)}"
        return f"{frame_text(index)} failed · {other}", True
    parts = [f"nearest: {frame_text(near)}"] if near != index else []
    names = {Tier.PREVIEW: "preview", Tier.DRAFT: "draft"}
    tier = names.get(Tier(int(results.tiers[near])))
    return " · ".join([*parts, *([tier] if tier else [])]), False
