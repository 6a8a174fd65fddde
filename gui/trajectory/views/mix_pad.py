"""The mix pad: keyframes at the corners of a polygon, and mixes of all of them inside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, QPointF

from engine.geometry.keyframe_planes import mix_of_keyframes
from engine.geometry.polygon_weights import polygon_weights
from engine.messages import Points, Tier
from engine.walk import Keyframe, Walk
from gui.state.walk_edits import inserted, with_point
from gui.trajectory.plane.live_point import LivePoint
from gui.trajectory.plane.mix_item import PICTURE, MixItem
from gui.trajectory.plane.plane_marks import ProbeItem
from gui.trajectory.plane.point_trail import PointTrailItem
from gui.trajectory.plane.walk_geometry import WalkGeometry
from gui.trajectory.plane.weight_fields import MixMenu
from gui.trajectory.views.contract import TrajectoryView, ViewParts, trajectory_views
from gui.widgets.text_format import keyframe_letter, shell_distance

#: Number of anchors. The first keyframes of the walk are used.
FEWEST, MOST = 3, 8
#: Distances by which an arrow key moves the point, without and with Shift.
COARSE, FINE = 0.05, 0.01
TOO_FEW = "A mix needs three keyframes or more; add keyframes to the walk"


@trajectory_views.register("mix")
class MixPad(TrajectoryView):
    """Owns the anchors and the point. A point is Σ w z / √Σ w² of the keyframes z."""

    label = "Mix"
    tip = "Mix three to eight keyframes at any weights. Drag inside the polygon or beyond it"
    description = "Mix pad: a mix of the walk's keyframes at the weights of a point"
    keys = "Arrows move the point, with Shift finely · + and − zoom · 0 shows all"

    def __init__(self, parts: ViewParts, parent: QObject) -> None:
        super().__init__(parts, parent)
        self._state, self._thumbnails = parts.state, parts.thumbnails
        self._geometry = WalkGeometry(self._state)
        self._item, self._mark = MixItem(parts.theme), ProbeItem(parts.theme)
        self._visited = PointTrailItem(parts.theme)
        self.add_items(self._item, self._visited, self._mark)
        self._point: QPointF | None = None
        self._weights: Points = np.zeros(0)
        self._live = LivePoint(self._state, self)
        self._menu = MixMenu()
        self._menu.typed.connect(self._type)
        self._menu.keep_requested.connect(self._keep)
        self._menu.start_requested.connect(self._start_here)
        self.widgets.append(self._menu)
        state = self._state
        for signal in (state.exploration_changed, state.results_reset, state.path_changed):
            signal.connect(self._show_anchors)
        state.frame_changed.connect(self._on_frame)
        state.probe_changed.connect(self._on_probe)
        self._show_anchors()

    # ── descriptions ─────────────────────────────────────────────────────────────────────────

    def note(self) -> str:
        """A line that says how to mix, or the weights of the point."""
        if not len(self._item.corners):
            return TOO_FEW
        return "Drag to mix; outside the polygon, weights are negative"

    def reading(self, point: QPointF) -> str:
        """Returns the weights at a point."""
        if not len(self._item.corners):
            return TOO_FEW
        weights = polygon_weights(self._item.corners, (point.x(), point.y()))
        return " · ".join(f"{keyframe_letter(k)} {w:+.2f}" for k, w in enumerate(weights))

    def reach(self) -> float:
        """The radius that contains the polygon."""
        return 1.0

    def margins(self, unit: float) -> tuple[float, float, float, float]:
        """Room for the pictures and weights of the anchors."""
        side = PICTURE / 2 + 14.0
        return side, side, side, side + 16.0

    # ── input ────────────────────────────────────────────────────────────────────────────────

    def drag(self, point: QPointF) -> None:
        """Move the point of the mix."""
        if len(self._item.corners):
            weights = polygon_weights(self._item.corners, (point.x(), point.y()))
            self._move(point, weights)

    def end_drag(self) -> None:
        """Request the finished picture of the mix."""
        self._live.settle()

    def click(self, point: QPointF) -> None:
        """Move the point of the mix."""
        self.drag(point)

    def nudge(self, direction: QPointF, shifted: bool) -> None:
        """Move the point of the mix, which starts in the middle."""
        self.drag((self._point or QPointF()) + direction * (FINE if shifted else COARSE))

    def release(self) -> None:
        """Clear the point, after the first half of a double click."""
        self._live.cancel()
        self._state.drop_probe()

    def _type(self, typed: list[float]) -> None:
        """Mix at typed weights. The point is where these weights would be."""
        weights = np.asarray(typed)
        total = float(weights.sum())
        place = weights @ self._item.corners / total if abs(total) > 1e-6 else np.zeros(2)
        self._move(QPointF(*place), weights)

    def _move(self, point: QPointF, weights: Points) -> None:
        self._show_point(point, weights)
        self._mark.set_probe(point, waiting=True)
        self._live.move(point, self._mix())

    def _mix(self) -> Keyframe:
        """Returns the mix at the present weights, which may have been typed."""
        walk = self._state.exploration.walk
        anchors = replace(walk, keyframes=walk.keyframes[: len(self._weights)])
        return mix_of_keyframes(anchors, self._weights)

    def _keep(self) -> None:
        walk, time = self._state.exploration.walk, self._state.playhead
        self._edit(with_point(walk, self._mix(), walk.time_of(time)), "Keep mix")

    def _start_here(self) -> None:
        walk = self._state.exploration.walk
        self._edit(inserted(walk, 0, self._mix()), "Walk from mix")

    def _edit(self, walk: Walk, label: str) -> None:
        self._state.edit(replace(self._state.exploration, walk=walk), label)

    # ── the state ────────────────────────────────────────────────────────────────────────────

    def _show_anchors(self) -> None:
        count = min(len(self._state.exploration.walk.keyframes), MOST)
        if count < FEWEST:
            self._item.set_anchors([])
            return
        ratio = float(self.box.getViewWidget().devicePixelRatioF())
        frames = [*self._geometry.pictured(), *([None] * count)][:count]
        self._item.set_anchors(
            [None if k is None else self._thumbnails.get(0, k, PICTURE, ratio) for k in frames]
        )
        if len(self._menu.fields) != count:
            self._menu.show_weights(np.full(count, 1.0 / count))

    def _on_frame(self, lane: int, index: int) -> None:
        if lane == 0 and index in self._geometry.pictured():
            self._show_anchors()

    def _on_probe(self) -> None:
        probe, point = self._state.probe, self._point
        if probe is None:
            self._live.cancel()
            self._visited.clear()
            self._show_point(None, np.zeros(0))
            self._mark.set_probe(None)
        elif point is not None and probe.point is not None:
            self._visited.add(probe, float(self.box.getViewWidget().devicePixelRatioF()))
            if self._live.place is None and QPointF(probe.x, probe.y) == point:
                text = f"std {probe.std:.3f} · {shell_distance(probe.norm_z)}"
                self._mark.set_probe(point, text, waiting=probe.tier < Tier.FINAL)

    def _show_point(self, point: QPointF | None, weights: Points) -> None:
        self._point, self._weights = point, weights
        self._item.set_point(point, weights if point is not None else None)
        self._menu.set_ready(point is not None)
        if len(weights):
            self._menu.show_weights(weights)
