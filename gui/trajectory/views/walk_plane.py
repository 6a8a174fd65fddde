"""The walk as the trajectory plot shows it: its items, and what the mouse does to them."""

from __future__ import annotations

from math import hypot

import numpy as np
from PySide6.QtCore import QObject, QPointF

from engine.walk import frame_text
from gui.state.explorer_state import ExplorerState
from gui.trajectory.plane.plane_marks import PICTURE, KeyframesItem, PlayheadItem, ProbeItem
from gui.trajectory.plane.plane_path import TRAIL_SHARE, CurvesItem, DotsItem, PathItem, TrailItem
from gui.trajectory.plane.plane_ring import RingItem
from gui.trajectory.plane.walk_geometry import WalkGeometry
from gui.trajectory.views.contract import (
    DEFAULT_VIEW,
    TrajectoryView,
    ViewParts,
    trajectory_views,
)
from gui.widgets.text_format import shell_distance
from gui.widgets.throttle import Throttle

#: How near (pixels) the mouse must be to take hold of the playhead, and to hit a frame's dot.
GRIP = 16.0
HIT = 6.0
#: How far an arrow key moves the point, in units of std.
COARSE, FINE = 0.05, 0.01
#: Milliseconds between two questions for a picture while the mouse is dragged over the plane.
PROBE_INTERVAL = 50
#: Milliseconds between two repaints of the dots while frames arrive: not the timeline's, so that
#: both seldom fall into one turn of the event loop.
INTERVAL = 140
#: Free pixels around the ring, and below it, where the shell's name stands.
EDGE = 16.0
NAME = 30.0


@trajectory_views.register(DEFAULT_VIEW)
class WalkPlane(TrajectoryView):
    """Owns the items of the walk and keeps them equal to the state. Coordinates are in std."""

    label = "Walk"
    tip = "The walk in the plane of its ends, and a picture for every point"
    description = "Trajectory in the plane of the walk's ends"
    keys = (
        "Arrows move the point, with Shift finely, with Ctrl the plane · + and − zoom · 0 shows all"
    )

    def __init__(self, parts: ViewParts, parent: QObject) -> None:
        super().__init__(parts, parent)
        theme = parts.theme
        self._state, self._thumbnails = parts.state, parts.thumbnails
        self._geometry = WalkGeometry(self._state)
        self._holds_playhead = False
        self._wanted = QPointF()
        self._keyframes = KeyframesItem(theme)
        self._curves = CurvesItem(theme, self._keyframes.occupied)
        self._ring, self._path = RingItem(theme), PathItem(theme)
        self._trail, self._dots = TrailItem(theme), DotsItem(theme)
        self._probe, self._playhead = ProbeItem(theme), PlayheadItem(theme)
        self.add_items(self._ring, self._curves, self._path, self._trail, self._dots)
        self.add_items(self._keyframes, self._playhead, self._probe)
        self._soon = Throttle(INTERVAL, self)
        self._soon.triggered.connect(self._refresh_dots)
        self._asker = Throttle(PROBE_INTERVAL, self, leading=True)
        self._asker.triggered.connect(self._ask)
        self._follow(self._state)
        self._show_path()

    def _follow(self, state: ExplorerState) -> None:
        """Redraw what changes in the state."""
        state.path_changed.connect(self._show_path)
        state.results_reset.connect(self._show_path)
        state.frame_changed.connect(self._on_frame)
        state.playhead_changed.connect(self._on_playhead)
        state.probe_changed.connect(self._on_probe)

    # ── what it says ─────────────────────────────────────────────────────────────────────────

    def note(self) -> str:
        """One line on how faithful the picture is."""
        return self._geometry.note

    def reading(self, point: QPointF) -> str:
        """What is at a point of the plane."""
        radius, sigma = hypot(point.x(), point.y()), self._geometry.sigma
        parts = [f"std {radius:.3f}"]
        parts += [shell_distance((radius - 1.0) / sigma)] if sigma else []
        near = self._frame_at(point, HIT)
        return " · ".join([*parts, *([frame_text(near)] if near is not None else [])])

    def reach(self) -> float:
        """How far from the origin the walk goes, at least to the shell."""
        return self._geometry.reach

    def margins(self, unit: float) -> tuple[float, float, float, float]:
        """Pixels needed left, top, right and bottom of the walk's reach, for pictures and words,
        when one std is `unit` pixels long."""
        reach, room = self.reach(), [EDGE, EDGE, EDGE, NAME]
        for x, y in self._geometry.keyframes:
            away = (PICTURE * 0.62 + 8.0) / max(hypot(x, y), 1e-9)
            for side, along in enumerate((-x, y, x, -y)):
                beyond = (along - reach) * unit + along * away + PICTURE / 2 + 4.0
                room[side] = max(room[side], beyond)
        return room[0], room[1], room[2], room[3]

    # ── the mouse ────────────────────────────────────────────────────────────────────────────

    def press(self, start: QPointF) -> None:
        """A drag begins: of the playhead if it is there, else of the probe."""
        places = self._geometry.places()
        gap = np.hypot(*(places[0] - (start.x(), start.y()))) if len(places) else np.inf
        self._holds_playhead = bool(gap <= GRIP * self._pixel())

    def drag(self, point: QPointF) -> None:
        """What is held goes along: the playhead on the walk, the probe anywhere."""
        if self._holds_playhead:
            index = self._frame_at(point, np.inf)
            if index is not None:
                self._state.seek(index)
        else:
            self._want(point)

    def click(self, point: QPointF) -> None:
        """Go to the frame that was hit, or ask for the picture at the point."""
        index = self._frame_at(point, HIT)
        if index is None:
            self._want(point)
        else:
            self._probe.set_probe(None)
            self._state.seek(index)

    def nudge(self, direction: QPointF, shifted: bool) -> None:
        """Ask for the picture a little further that way: from the point, or from the playhead."""
        places = self._geometry.places()
        here = QPointF(*places[0]) if len(places) else QPointF()
        self._want((self._probe.point or here) + direction * (FINE if shifted else COARSE))

    def release(self) -> None:
        """What seemed a click was half of a double one: nothing was asked for."""
        self._asker.cancel()
        self._state.drop_probe()

    def _want(self, point: QPointF) -> None:
        self._wanted = point
        self._probe.set_probe(point, waiting=True)
        self._asker.throttle()

    def _ask(self) -> None:
        self._state.ask_probe(self._wanted.x(), self._wanted.y())

    def _frame_at(self, point: QPointF, reach: float) -> int | None:
        """The frame nearest to a point within `reach` pixels."""
        pixel = self._pixel()
        return self._geometry.frame_at(point.x(), point.y(), reach * pixel, 2 * pixel)

    def _pixel(self) -> float:
        return float(max(self.box.viewPixelSize()))

    # ── the state ────────────────────────────────────────────────────────────────────────────

    def _show_path(self) -> None:
        """A lane has a geometry, or a new job has none yet: then the last one stays, without the
        frames that no longer hold."""
        path = self._geometry.path
        if path is None:
            return
        method, tiers = self._geometry.method, self._state.results.lanes[0].tiers
        own = [c.points for c in path.curves if c.method == method] if path.exact else []
        self._ring.set_sigma(self._geometry.sigma)
        self._curves.set_curves(path.curves, method)
        self._path.set_path(own[0] if own else path.frames, method)
        self._dots.set_frames(path.frames, tiers, method)
        self._keyframes.set_keyframes(path.keyframes, path.frames)
        self._show_pictures()
        self._on_playhead()

    def _refresh_dots(self) -> None:
        self._dots.update()

    def _on_frame(self, lane: int, index: int) -> None:
        if lane == 0:
            self._soon.throttle()
            if index in self._geometry.pictured():
                self._show_pictures()

    def _show_pictures(self) -> None:
        path = self._geometry.path
        if path is None:
            return
        ratio = self.box.getViewWidget().devicePixelRatioF()
        pictures = [
            None if index is None else self._thumbnails.get(0, index, PICTURE, ratio)
            for index in self._geometry.pictured()
        ]
        self._keyframes.set_pictures(pictures[: len(path.keyframes)])

    def _on_playhead(self) -> None:
        lanes = self._state.results.lanes
        places = self._geometry.places()
        methods = tuple(r.lane.walk.method_of(0).name for r in lanes if r.path is not None)
        self._playhead.set_places(places, methods[: len(places)])
        self._show_trail()
        if self._state.probe is None:
            self._probe.set_probe(None)

    def _show_trail(self) -> None:
        path = self._geometry.path
        if path is not None:
            end = self._state.playhead + 1
            start = end - 1 - max(round(TRAIL_SHARE * len(path.frames)), 1)
            self._trail.set_trail(path.frames[max(start, 0) : end], self._geometry.method)

    def _on_probe(self) -> None:
        probe = self._state.probe
        if probe is None:
            self._probe.set_probe(None)
            return
        text = f"std {probe.std:.3f} · {shell_distance(probe.norm_z)}"
        self._probe.set_probe(QPointF(probe.x, probe.y), text)
