"""The view of the walk in the plane of its ends."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, QPointF

from engine.messages import Curve, Tier
from engine.walk import Keyframe, frame_text
from gui.state.explorer_state import ExplorerState
from gui.trajectory.atlas.atlas_layer import AtlasLayer
from gui.trajectory.plane import plane_marks
from gui.trajectory.plane.live_point import LivePoint
from gui.trajectory.plane.path_pen import PathPen
from gui.trajectory.plane.plane_marks import PICTURE, KeyframesItem, PlayheadItem, ProbeItem
from gui.trajectory.plane.plane_menu import PlaneMenu
from gui.trajectory.plane.plane_path import (
    NOTHING,
    TRAIL_SHARE,
    CurvesItem,
    DotsItem,
    PathItem,
    TrailItem,
)
from gui.trajectory.plane.plane_ring import RingItem
from gui.trajectory.plane.point_trail import PointTrailItem
from gui.trajectory.plane.walk_geometry import WalkGeometry
from gui.trajectory.views.contract import (
    DEFAULT_VIEW,
    TrajectoryView,
    ViewParts,
    trajectory_views,
)
from gui.widgets.text_format import shell_distance
from gui.widgets.throttle import Throttle

#: Distances within which the mouse grabs the playhead and hits a frame's dot, in pixels.
GRIP = 16.0
HIT = 6.0
#: Distances by which an arrow key moves the point, without and with Shift, in std.
COARSE, FINE = 0.05, 0.01
#: Least time between two repaints of the dots while frames arrive, in milliseconds. It differs from
#: the timeline's interval, so that both are seldom due at the same time.
INTERVAL = 140
#: Free pixels around the ring, and below it, where the shell's name is.
EDGE = 16.0
NAME = 30.0


@trajectory_views.register(DEFAULT_VIEW)
class WalkPlane(TrajectoryView):
    """Owns the items of the walk and updates them from the state. Coordinates are in std."""

    label = "Walk"
    tip = "The walk in a plane. Click a point to render its picture"
    description = "Trajectory in a plane of the walk"
    keys = (
        "Arrows move the point, with Shift finely, with Ctrl the plane · + and − zoom · 0 shows all"
    )

    def __init__(self, parts: ViewParts, parent: QObject) -> None:
        super().__init__(parts, parent)
        theme = parts.theme
        self._state, self._thumbnails = parts.state, parts.thumbnails
        self._geometry = WalkGeometry(self._state)
        self._holds_playhead = False
        self._through = self._state.view.through
        self._keyframes = KeyframesItem(theme)
        self._curves = CurvesItem(theme, self._keyframes.occupied)
        self._ring, self._path = RingItem(theme), PathItem(theme)
        self._layer = AtlasLayer(parts, self._geometry, self)
        self._pen = PathPen(self._state, self._geometry, theme, self)
        self._trail, self._dots = TrailItem(theme), DotsItem(theme)
        self._probe, self._playhead = ProbeItem(theme), PlayheadItem(theme)
        self._visited = PointTrailItem(theme)
        self.add_items(
            self._layer.item, self._ring, self._curves, self._path, self._trail, self._dots
        )
        self.add_items(self._pen.item, self._visited, self._keyframes, self._playhead, self._probe)
        parts_of_menu = self._layer.menu, self._pen
        self.widgets.append(PlaneMenu(self._state, self._geometry, *parts_of_menu))
        self._soon = Throttle(INTERVAL, self)
        self._soon.triggered.connect(self._refresh_dots)
        self._live = LivePoint(self._state, self)
        self._follow(self._state)
        self._show_path()

    def _follow(self, state: ExplorerState) -> None:
        """Connect the items to the state's signals."""
        state.path_changed.connect(self._show_path)
        for signal in (state.results_reset, state.model_changed):
            signal.connect(self._show_path)
        state.frame_changed.connect(self._on_frame)
        state.playhead_changed.connect(self._on_playhead)
        state.probe_changed.connect(self._on_probe)
        state.view_changed.connect(self._show_plane)
        state.measures_changed.connect(self._soon.throttle)
        state.exploration_changed.connect(self._soon.throttle)

    # ── descriptions ─────────────────────────────────────────────────────────────────────────

    def note(self) -> str:
        """A line that says how much of the path the plane shows, and how full the atlas is."""
        return self._pen.note or " · ".join(filter(None, (self._layer.note, self._geometry.note)))

    def set_visible(self, visible: bool) -> None:
        """Show or hide the items. A hidden plane has no atlas to fill."""
        super().set_visible(visible)
        self._layer.set_visible(visible)

    def reading(self, point: QPointF) -> str:
        """Returns a line that describes a point of the plane."""
        near = self._frame_at(point, HIT)
        parts = [self._label(point), *([frame_text(near)] if near is not None else [])]
        return " · ".join(parts)

    def _label(self, point: QPointF) -> str:
        """Returns the std of a point and its distance from the shell."""
        std, sigma = self._geometry.std(point.x(), point.y()), self._geometry.sigma
        return f"std {std:.3f}" + (f" · {shell_distance((std - 1.0) / sigma)}" if sigma else "")

    def reach(self) -> float:
        """The greatest distance of the walk and the shell from the origin."""
        return self._geometry.reach

    def margins(self, unit: float) -> tuple[float, float, float, float]:
        """Returns the pixels that pictures and names need left, above, right and below the circle,
        when one std is `unit` pixels long."""
        geometry, room = self._geometry, [EDGE, EDGE, EDGE, NAME]
        for (x, y), passed in zip(geometry.keyframes, geometry.passed(), strict=True):
            beyond = plane_marks.pixels_beyond(x, y, passed, geometry.reach, unit)
            room = [max(pixels) for pixels in zip(room, beyond, strict=True)]
        return room[0], room[1], room[2], room[3]

    # ── the mouse ────────────────────────────────────────────────────────────────────────────

    def press(self, start: QPointF) -> None:
        """Begin to drag the playhead if it is at `start`, or else the probed point."""
        places = self._geometry.places()
        gap = np.hypot(*(places[0] - (start.x(), start.y()))) if len(places) else np.inf
        self._holds_playhead = bool(gap <= GRIP * self._pixel())

    def drag(self, point: QPointF) -> None:
        """Move the playhead along the walk, or the probed point to any place; or draw a path."""
        if self._pen.active:
            self._pen.extend(point)
        elif self._holds_playhead:
            index = self._frame_at(point, np.inf)
            if index is not None:
                self._state.seek(index)
        else:
            self._request_soon(point)

    def end_drag(self) -> None:
        """Request the finished picture of the point, or make the walk from the drawn path."""
        self._pen.end() if self._pen.active else self._live.settle()

    def click(self, point: QPointF) -> None:
        """Go to the frame at the point, or request the picture of the point."""
        index = self._frame_at(point, HIT)
        if index is None:
            self._request_soon(point)
        else:
            self._probe.set_probe(None)
            self._live.cancel()
            self._state.seek(index)

    def nudge(self, direction: QPointF, shifted: bool) -> None:
        """Move the probed point, which starts at the playhead, and request its picture."""
        places = self._geometry.places()
        here = QPointF(*places[0]) if len(places) else QPointF()
        self._request_soon((self._probe.point or here) + direction * (FINE if shifted else COARSE))

    def release(self) -> None:
        """Clear the probed point, after the first half of a double click."""
        self._pen.stop()
        self._live.cancel()
        self._state.drop_probe()

    def _request_soon(self, point: QPointF) -> None:
        self._probe.set_probe(point, self._label(point), waiting=True)
        self._live.move(point, self._keyframe_at(point))

    def _keyframe_at(self, point: QPointF) -> Keyframe | None:
        """Returns a point of a chosen plane as a keyframe; None in the plane of the path."""
        if self._geometry.plane is None:
            return None
        return self._geometry.keyframe_at(point.x(), point.y())

    def _frame_at(self, point: QPointF, reach: float) -> int | None:
        """Returns the frame nearest to a point, within `reach` pixels."""
        pixel = self._pixel()
        return self._geometry.frame_at(point.x(), point.y(), reach * pixel, 2 * pixel)

    def _ratio(self) -> float:
        return float(self.box.getViewWidget().devicePixelRatioF())

    def _pixel(self) -> float:
        return float(max(self.box.viewPixelSize()))

    # ── the state ────────────────────────────────────────────────────────────────────────────

    def _show_path(self) -> None:
        """Update the path. While a new job has no geometry, keep the last path, without its frames
        that are outdated; clear it where there is no job, or no model."""
        path = self._geometry.path
        if path is None:
            if self._state.model is None or not self._state.results.lanes:
                self._clear()
            return
        method, tiers = self._geometry.method, self._state.results.lanes[0].tiers
        curves, frames = path.curves, self._geometry.frames
        if self._geometry.plane is not None:  # the curves are known in the plane of the path only
            curves = (Curve(method, frames),)
        own = [c.points for c in curves if c.method == method] if path.exact else []
        self._ring.set_shell(self._geometry.sigma, self._geometry.height)
        self._curves.set_curves(curves, method)
        self._path.set_path(own[0] if own else frames, method)
        self._dots.set_frames(frames, tiers, method)
        self._keyframes.set_keyframes(self._geometry.keyframes, frames, self._geometry.passed())
        self._show_steps()
        self._show_pictures()
        self._on_playhead()

    def _show_plane(self) -> None:
        """Show everything in another plane."""
        if self._state.view.through != self._through:
            self._through = self._state.view.through
            self._show_path()
            self.fit_requested.emit()

    def _clear(self) -> None:
        """Show the shell without a walk."""
        self._ring.set_shell(0.0)
        self._curves.set_curves((), "")
        self._path.set_path(NOTHING, "")
        self._path.set_steps(NOTHING, np.empty(0))
        self._trail.set_trail(NOTHING, "")
        self._dots.set_frames(NOTHING, np.empty(0, np.uint8), "")
        self._keyframes.set_keyframes(NOTHING, NOTHING, ())
        self._on_playhead()
        self.fit_requested.emit()

    def _refresh_dots(self) -> None:
        self._dots.update()
        self._show_steps()

    def _show_steps(self) -> None:
        self._path.set_steps(*self._geometry.steps())

    def _on_frame(self, lane: int, index: int) -> None:
        if lane == 0:
            self._soon.throttle()
            if index in self._geometry.pictured():
                self._show_pictures()

    def _show_pictures(self) -> None:
        path = self._geometry.path
        if path is None:
            return
        ratio = self._ratio()
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
        frames = self._geometry.frames
        if len(frames):
            end = self._state.playhead + 1
            start = end - 1 - max(round(TRAIL_SHARE * len(frames)), 1)
            self._trail.set_trail(frames[max(start, 0) : end], self._geometry.method)

    def _on_probe(self) -> None:
        probe = self._state.probe
        if probe is not None and probe.point != self._keyframe_at(QPointF(probe.x, probe.y)):
            probe = None  # the point belongs to another view
        if probe is None:
            self._live.cancel()
            self._visited.clear()
            self._probe.set_probe(None)
            return
        self._visited.add(probe, self._ratio())
        if self._live.place is None:  # otherwise the mark is with the mouse already
            text = f"std {probe.std:.3f} · {shell_distance(probe.norm_z)}"
            waiting = probe.tier < Tier.FINAL
            self._probe.set_probe(QPointF(probe.x, probe.y), text, waiting=waiting)
