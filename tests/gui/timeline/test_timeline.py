"""The timeline: what a place on it means, what the mouse and keys do, what is painted."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine import messages as m
from gui.state.thumbnails import Thumbnails
from gui.state.walk_edits import appended, looped
from gui.timeline.filmstrip import Filmstrip
from gui.timeline.readiness_strip import ReadinessStrip, condensed
from gui.timeline.ruler import nice_step
from gui.timeline.timeline import Timeline
from gui.timeline.track import MARGIN, Scale
from gui.widgets.theme import DARK, LIGHT
from tests.support.scripted_state import ScriptedState, scripted

LEFT = Qt.MouseButton.LeftButton
WIDTH = 21 * 40 + int(2 * MARGIN)


def shown(told_: ScriptedState, qtbot: QtBot, width: int = WIDTH) -> Timeline:
    timeline = Timeline(told_.state, Thumbnails(told_.state), DARK)
    qtbot.addWidget(timeline)
    timeline.resize(width, timeline.sizeHint().height())
    timeline.show()
    return timeline


def place(index: float, y: int = 50) -> QPoint:
    """The middle of a frame of 40 pixels."""
    return QPoint(round(MARGIN + (index + 0.5) * 40), y)


def edge(index: int) -> QPoint:
    """The boundary before a frame, on the ruler."""
    return QPoint(round(MARGIN + index * 40), 18)


def drag(qtbot: QtBot, timeline: Timeline, *points: QPoint) -> None:
    qtbot.mousePress(timeline, LEFT, pos=points[0])
    for point in points[1:]:
        qtbot.mouseMove(timeline, point)
    qtbot.mouseRelease(timeline, LEFT, pos=points[-1])


def test_a_scale_goes_there_and_back() -> None:
    scale = Scale(frames=61, left=8.0, width=1000.0)
    assert [scale.index_at(scale.middle(k)) for k in (0, 30, 60)] == [0, 30, 60]
    assert (scale.index_at(-50.0), scale.index_at(5000.0)) == (0, 60)
    assert Scale(1, 8.0, 100.0).index_at(90.0) == 0


def test_ruler_steps_are_round() -> None:
    assert [nice_step(x) for x in (0.3, 1.0, 1.5, 3.0, 7.0, 11.0, 333.0)] == [
        1, 1, 2, 5, 10, 20, 500,
    ]  # fmt: skip


def test_a_drag_anywhere_scrubs(qtbot: QtBot) -> None:
    told_ = scripted()
    timeline = shown(told_, qtbot)
    visited: list[int] = []
    told_.state.playhead_changed.connect(visited.append)
    drag(qtbot, timeline, place(4), place(9), place(9.2), place(15), place(40))
    assert visited == [4, 9, 15, 20]
    drag(qtbot, timeline, place(7, y=5))
    assert told_.state.playhead == 7


def test_handles_limit_the_range(qtbot: QtBot) -> None:
    told_ = scripted()
    timeline = shown(told_, qtbot)
    drag(qtbot, timeline, edge(0), edge(5))
    assert told_.state.range == (5, 20)
    drag(qtbot, timeline, edge(21), edge(13))
    assert told_.state.range == (5, 12)
    drag(qtbot, timeline, edge(13), edge(2))
    assert told_.state.range == (5, 12)
    assert told_.state.playhead == 0


def test_keys_move_the_playhead(qtbot: QtBot) -> None:
    told_ = scripted()
    timeline = shown(told_, qtbot)
    places = []
    for key, modifier in (
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_PageUp, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier),
    ):
        qtbot.keyClick(timeline, key, modifier)
        places.append(told_.state.playhead)
    assert places == [1, 11, 10, 20, 10, 0]


def test_what_is_read_off(qtbot: QtBot) -> None:
    told_ = ScriptedState()
    told_.begin()
    timeline = shown(told_, qtbot)
    told_.frame(3)
    told_.state.apply(m.FrameFailed(1, 0, 9, "A number went bad."))
    told_.state.seek(5)
    texts = [label.text() for label in timeline.findChildren(QLabel)]
    assert texts == ["1 of 21 frames ready · 1 failed", "γ 0.250   frame 6 of 21"]


def test_readiness_has_the_colour_of_each_tier(qtbot: QtBot) -> None:
    told_ = ScriptedState()
    told_.begin()
    timeline = shown(told_, qtbot)
    strip = timeline.findChild(ReadinessStrip)
    told_.frame(2)
    told_.frame(3, tier=m.Tier.PREVIEW)
    told_.state.apply(m.FrameFailed(1, 0, 4, "A number went bad."))
    for theme in (DARK, LIGHT):
        timeline.set_theme(theme)
        picture = strip.grab().toImage()
        seen = [QColor(picture.pixel(place(k).x(), 3)).name() for k in (1, 2, 3, 4)]
        assert seen == [theme.missing, theme.final, theme.preview, theme.failed]


@pytest.mark.parametrize("columns", [1, 7, 100, 1000])
def test_a_pixel_shows_the_least_of_its_frames(columns: int) -> None:
    tiers = np.full(20_000, int(m.Tier.FINAL), np.uint8)
    assert (condensed(tiers, columns) == m.Tier.FINAL).all()
    tiers[777] = m.Tier.PREVIEW
    shown = condensed(tiers, columns)
    assert len(shown) == columns
    assert (shown == m.Tier.PREVIEW).sum() == 1
    tiers[778] = m.Tier.FAILED
    assert (condensed(tiers, columns) == m.Tier.FAILED).sum() == 1


def test_the_filmstrip_holds_as_many_as_fit_with_both_ends(qtbot: QtBot) -> None:
    timeline = shown(scripted(frames=301), qtbot)
    strip = timeline.findChild(Filmstrip)
    indices = [index for index, _ in strip.slots()]
    assert (indices[0], indices[-1]) == (0, 300)
    assert 12 <= len(indices) <= 16
    boxes = [box for _, box in strip.slots()]
    assert all(a.right() <= b.left() for a, b in pairwise(boxes))
    timeline = shown(scripted(frames=3), qtbot)
    short = timeline.findChild(Filmstrip)
    assert [index for index, _ in short.slots()] == [0, 1, 2]


def test_the_filmstrip_fills_in(qtbot: QtBot) -> None:
    told_ = ScriptedState(frames=3)
    told_.begin()
    timeline = shown(told_, qtbot)
    strip = timeline.findChild(Filmstrip)
    centre = strip.slots()[1][1].center().toPoint()

    def colour() -> tuple[int, ...]:
        return tuple(QColor(strip.grab().toImage().pixel(centre)).getRgb()[:3])

    empty = colour()
    told_.frame(0)
    faint = colour()
    flat = np.full((8, 8, 3), (30, 200, 90), np.uint8)
    told_.frames.images["flat"] = flat
    told_.state.apply(m.FrameReady(1, 0, 1, 0.5, m.Tier.FINAL, "flat", flat))
    assert empty != faint
    assert colour() == (30, 200, 90)


class Painted(QObject):
    """Counts the pixels of a widget that are painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.pixels = 0
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.pixels += sum(r.width() * r.height() for r in event.region())
        return False


@pytest.mark.parametrize("tier", [m.Tier.PREVIEW, m.Tier.FINAL])
def test_only_what_changed_is_painted_again(qtbot: QtBot, tier: m.Tier) -> None:
    told_ = ScriptedState(frames=61)
    told_.begin()
    timeline = shown(told_, qtbot)
    tracks = [timeline.findChild(kind) for kind in (Filmstrip, ReadinessStrip)]
    for index in (0, 60, 15):
        told_.frame(index)
    qtbot.waitUntil(lambda: all(on_screen(track) == whole(track) for track in tracks))
    qtbot.waitUntil(lambda: not any(timer.isActive() for timer in timeline.findChildren(QTimer)))
    QCoreApplication.processEvents()  # what was asked to be painted before is painted now
    painted = [Painted(track) for track in tracks]
    told_.frame(30, tier=tier)
    qtbot.waitUntil(lambda: all(each.pixels for each in painted))
    qtbot.waitUntil(lambda: not any(timer.isActive() for timer in timeline.findChildren(QTimer)))
    for track, each in zip(tracks, painted, strict=True):
        assert each.pixels < 0.6 * track.width() * track.height()
    for track in tracks:
        assert on_screen(track) == whole(track)


def whole(widget: QWidget) -> QImage:
    """The widget as it looks when all of it is painted."""
    everything = widget.window().grab().toImage()
    return everything.convertToFormat(QImage.Format.Format_RGB32).copy(widget.geometry())


def on_screen(widget: QWidget) -> QImage:
    """The widget as it stands on the screen, painted in whatever parts."""
    window = widget.window()
    seen = window.screen().grabWindow(window.winId()).toImage()
    return seen.convertToFormat(QImage.Format.Format_RGB32).copy(widget.geometry())


def test_lanes_have_a_row_each(qtbot: QtBot) -> None:
    one = shown(scripted(), qtbot)
    three = shown(scripted(methods=("linear", "normalized", "slerp")), qtbot)
    heights = [timeline.findChild(Filmstrip).height() for timeline in (one, three)]
    assert heights[1] > 2 * heights[0]


def three_keyframes() -> ScriptedState:
    """21 frames with keyframes at frames 0, 10 and 20."""
    told_ = scripted()
    exploration = told_.state.exploration
    walk = appended(exploration.walk, lambda: 7)
    told_.state.edit(replace(exploration, walk=replace(walk, frames=21)), "Add keyframe")
    return told_


def tick(index: float) -> QPoint:
    """A frame's middle, on the upper half of the ruler."""
    return place(index, 6)


def test_a_tick_is_dragged_to_a_frame_as_one_step(qtbot: QtBot) -> None:
    told_ = three_keyframes()
    timeline = shown(told_, qtbot)
    drag(qtbot, timeline, tick(10), tick(11), tick(13), tick(14.3))
    walk = told_.state.exploration.walk
    assert walk.keyframe_indices() == (0, 14, 20)
    assert walk.times[1] == 14 / 20
    assert walk.locate(walk.time_of(14)) == (1, 0.0)
    told_.state.history.undo()
    assert told_.state.exploration.walk.keyframe_indices() == (0, 10, 20)


def test_a_press_on_a_tick_moves_the_playhead_alone(qtbot: QtBot) -> None:
    told_ = three_keyframes()
    timeline = shown(told_, qtbot)
    drag(qtbot, timeline, tick(10))
    assert told_.state.playhead == 10
    assert told_.state.exploration.walk.times == ()


def test_with_alt_a_tick_stays_between_frames(qtbot: QtBot) -> None:
    told_ = three_keyframes()
    timeline = shown(told_, qtbot)
    qtbot.mousePress(timeline, LEFT, pos=tick(10))
    to = QPointF(tick(13.25))
    alt = Qt.KeyboardModifier.AltModifier
    event = QMouseEvent(QEvent.Type.MouseMove, to, to, LEFT, LEFT, alt)
    QCoreApplication.sendEvent(timeline, event)
    qtbot.mouseRelease(timeline, LEFT, pos=tick(13))
    assert told_.state.exploration.walk.times[1] == pytest.approx(13.25 / 20, abs=0.002)


def test_a_tick_stops_before_its_neighbour_and_the_ends_stay(qtbot: QtBot) -> None:
    told_ = three_keyframes()
    timeline = shown(told_, qtbot)
    drag(qtbot, timeline, tick(10), tick(12), tick(30))
    assert told_.state.exploration.walk.times[1] < 1.0
    told_.state.history.undo()
    drag(qtbot, timeline, tick(0), tick(4), tick(6))
    assert told_.state.exploration.walk.times == ()


def test_keys_move_the_keyframe_at_the_playhead(qtbot: QtBot) -> None:
    told_ = three_keyframes()
    timeline = shown(told_, qtbot)
    told_.state.seek(10)
    for _ in range(2):
        QTest.keyClick(timeline, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert told_.state.exploration.walk.keyframe_indices()[1] == told_.state.playhead == 12
    told_.state.history.undo()
    assert told_.state.exploration.walk.keyframe_indices()[1] == 10


def test_the_loop_switch_leads_back_to_the_first_keyframe(qtbot: QtBot) -> None:
    told_ = three_keyframes()
    timeline = shown(told_, qtbot)
    drag(qtbot, timeline, tick(10), tick(13), tick(14))
    told_.state.edit(looped(told_.state.exploration, True), "Loop")
    walk = told_.state.exploration.walk
    assert (walk.segments, walk.intervals, walk.frames) == (3, 21, 21)
    assert walk.times[1] == pytest.approx(14 / 20 * 2 / 3)
    told_.state.history.undo()
    assert not told_.state.exploration.walk.loop
