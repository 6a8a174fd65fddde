"""What the keyboard and the mouse do everywhere in the window: row by row of what people expect.

| what | where |
|---|---|
| Space after a click on anything | test_space_plays_whatever_was_clicked_last |
| J K L, repeated, with K held | test_shuttle_…, test_k_held_…; the clock: test_playback.py |
| steps, range, loop | test_main_window.py; test_from_keyframe_to_keyframe, test_ping_pong_… |
| frames dropped are counted | test_dropped_frames_are_said; the clock: test_playback.py |
| generate, cancel | test_main_window.py; test_finish_…, test_pause_… |
| wheel | test_the_wheel_changes_no_field_that_was_not_chosen |
| names, tooltips, drops, Tab, arrows, Enter | under "every control" |
| the plane, the toy, methods | under "the plane, by keys" |
| help | test_f1_and_shift_question_mark_search_the_keys |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QGraphicsView,
    QMenu,
    QPlainTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.view import Loop
from engine.walk import MethodChoice, NoiseSource
from gui.shell.actions import TABLE
from gui.walk.method_buttons import MethodButton
from gui.widgets.fields import Button
from tests.gui.conftest import Desk

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
TAB = Qt.FocusPolicy.TabFocus
FIELDS = (QAbstractSpinBox, QComboBox, QPlainTextEdit)


def press(desk: Desk, key: Qt.Key, modifiers: Qt.KeyboardModifier | None = None) -> None:
    """A key, wherever the focus is."""
    target = desk.window.focusWidget() or desk.window
    QTest.keyClick(target, key, modifiers or Qt.KeyboardModifier.NoModifier)


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def shown(desk: Desk, kind: type[QWidget] | tuple[type[QWidget], ...]) -> Iterator[QWidget]:
    """The widgets of a kind that are a person's to use, apart from parts of others."""
    for widget in desk.window.findChildren(QWidget):
        own = not widget.objectName().startswith("qt_") and not widget.inherits("QMenu")
        if isinstance(widget, kind) and own and widget.isVisible() and widget.isEnabled():
            yield widget


def field(desk: Desk, name: str) -> QWidget:
    return next(w for w in shown(desk, FIELDS) if w.accessibleName() == name)


# ── playback ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "clicked", ["Frames", "Seed of keyframe A", "Draw of keyframe B", "Guidance", "Quality"]
)
def test_space_plays_whatever_was_clicked_last(desk: Desk, clicked: str) -> None:
    desk.finish()
    widget = field(desk, clicked)
    if isinstance(widget, QAbstractSpinBox):
        click(widget.lineEdit())
        assert widget.hasFocus()
    else:  # a list opens at a click, and closes again
        assert isinstance(widget, QComboBox)
        click(widget)
        widget.hidePopup()
    before = desk.state.exploration
    press(desk, Qt.Key.Key_Space)
    assert desk.window.player.playing
    press(desk, Qt.Key.Key_Space)
    assert not desk.window.player.playing
    assert desk.state.exploration == before


def test_letters_in_a_field_for_numbers_are_the_transport_s(desk: Desk) -> None:
    desk.finish()
    seed = field(desk, "Seed of keyframe A")
    seed.setFocus()
    press(desk, Qt.Key.Key_L)
    assert desk.window.player.playing
    press(desk, Qt.Key.Key_K)
    assert not desk.window.player.playing
    desk.state.seek(9)
    press(desk, Qt.Key.Key_I)
    assert desk.state.range == (9, 60)
    assert desk.state.exploration.walk.keyframes[0].noise.seed == 1


def test_shuttle_doubles_up_to_eight_and_turns_at_single_speed(desk: Desk) -> None:
    desk.finish()
    player, seen = desk.window.player, []
    for key in [Qt.Key.Key_L] * 5 + [Qt.Key.Key_J] * 4:
        press(desk, key)
        seen.append(player.direction * player.speed)
    assert seen == [1, 2, 4, 8, 8, -1, -2, -4, -8]
    press(desk, Qt.Key.Key_K)
    press(desk, Qt.Key.Key_Space)
    assert (player.playing, player.direction, player.speed) == (True, 1, 1.0)
    press(desk, Qt.Key.Key_Space)


def test_k_held_down_repeats_and_still_steps_by_one(desk: Desk) -> None:
    desk.finish()
    window, none = desk.window, Qt.KeyboardModifier.NoModifier
    desk.state.seek(30)
    QTest.keyPress(window, Qt.Key.Key_K)
    for key, expected in ((Qt.Key.Key_L, 31), (Qt.Key.Key_L, 32), (Qt.Key.Key_J, 31)):
        # While a key is held, the system sends its press and release again and again.
        for kind in (QEvent.Type.KeyRelease, QEvent.Type.KeyPress):
            QApplication.sendEvent(window, QKeyEvent(kind, Qt.Key.Key_K, none, "k", True))
        press(desk, key)
        assert desk.state.playhead == expected
    assert not window.player.playing
    QTest.keyRelease(window, Qt.Key.Key_K)
    press(desk, Qt.Key.Key_L)
    assert window.player.playing
    press(desk, Qt.Key.Key_Space)


def test_stop_in_the_menu_stops(desk: Desk) -> None:
    desk.finish()
    press(desk, Qt.Key.Key_L)
    stop = desk.window.actions_table["hold"]
    assert stop.text().endswith("\tK")
    stop.trigger()
    assert not desk.window.player.playing


def test_from_keyframe_to_keyframe(desk: Desk) -> None:
    press(desk, Qt.Key.Key_K, CONTROL)
    desk.state.generate()
    desk.finish()
    seen = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        press(desk, key, ALT)
        seen.append(desk.state.playhead)
    assert seen == [60, 120, 120, 60]


def test_ping_pong_is_chosen_by_key_and_turns_within_the_range(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    for frame, key in ((4, Qt.Key.Key_I), (6, Qt.Key.Key_O)):
        desk.state.seek(frame)
        press(desk, key)
    for _ in Loop:
        if desk.window.player.loop is not Loop.PING_PONG:
            press(desk, Qt.Key.Key_L, CONTROL | SHIFT)
    assert desk.window.player.loop is Loop.PING_PONG
    assert desk.state.range == (4, 6)
    seen: list[int] = []
    desk.state.playhead_changed.connect(seen.append)
    press(desk, Qt.Key.Key_Home)
    press(desk, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(seen) >= 6)
    press(desk, Qt.Key.Key_Space)
    assert seen[0] == 4
    assert set(seen) == {4, 5, 6}
    assert all(abs(a - b) <= 2 for a, b in pairwise(seen))


def test_dropped_frames_are_said(desk: Desk) -> None:
    desk.window.player.dropped_changed.emit(3)
    label = next(w for w in shown(desk, QWidget) if "Frames dropped" in w.accessibleName())
    assert label.text() == "3 frames dropped"  # type: ignore[attr-defined]


def test_finish_lets_one_more_frame_come(desk: Desk) -> None:
    desk.engine.play(20)
    QCoreApplication.processEvents()
    press(desk, Qt.Key.Key_Period, CONTROL)
    assert desk.state.busy
    ready = len(desk.state.results.lanes[0].keys)
    for _ in range(100):  # many more events than one frame takes
        desk.engine.play(1)
        QCoreApplication.processEvents()
    assert not desk.state.busy
    assert len(desk.state.results.lanes[0].keys) == ready + 1


def test_pause_frees_the_device_and_the_pictures_stay(desk: Desk) -> None:
    desk.engine.play(20)
    press(desk, Qt.Key.Key_P, CONTROL)
    QCoreApplication.processEvents()
    assert desk.engine.paused == 1
    assert not desk.state.busy
    assert desk.state.results.image(0, 0) is not None


def test_escape_stops_an_atlas_and_finish_does_not_concern_it(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    assert not desk.window.toolbar.stop.isEnabled()
    desk.state.set_cells_busy(True)
    assert desk.window.toolbar.stop.isEnabled()
    assert not desk.window.actions_table["finish"].isEnabled()
    with qtbot.waitSignal(desk.state.cancel_requested):
        press(desk, Qt.Key.Key_Escape)
    desk.state.set_cells_busy(False)
    assert not desk.window.toolbar.stop.isEnabled()


# ── every control ────────────────────────────────────────────────────────────────────────────


def test_the_wheel_changes_no_field_that_was_not_chosen(desk: Desk) -> None:
    desk.finish()
    desk.window.setFocus()
    before, fields = desk.state.exploration, list(shown(desk, (QAbstractSpinBox, QComboBox)))
    assert len(fields) > 8
    for widget in fields:
        centre = QPointF(widget.rect().center())
        none, up = Qt.MouseButton.NoButton, QPoint(0, 120)
        place = QPointF(widget.mapToGlobal(centre.toPoint()))
        held, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
        QApplication.sendEvent(
            widget, QWheelEvent(centre, place, QPoint(), up, none, held, phase, False)
        )
    assert desk.state.exploration == before


def test_every_field_has_a_name_and_says_what_it_does(desk: Desk) -> None:
    for widget in shown(desk, FIELDS):
        assert widget.accessibleName(), widget
        assert widget.toolTip(), widget.accessibleName()
    for entry in TABLE:
        assert not entry.name or desk.window.actions_table[entry.name].toolTip(), entry


def test_what_is_dropped_anywhere_is_for_the_window(desk: Desk) -> None:
    desk.finish()
    for widget in desk.window.findChildren(QWidget):
        inside = not isinstance(widget, QMenu) and not widget.isWindow()
        assert not (inside and widget.acceptDrops()), (widget, widget.accessibleName())


def test_tab_reaches_every_control_and_comes_round(desk: Desk) -> None:
    desk.finish()
    wanted = {w for w in shown(desk, (*FIELDS, QAbstractButton)) if w.focusPolicy() & TAB}
    # Of the methods, one is reached; arrows go on to the others, as in every choice of one.
    methods = {w for w in wanted if isinstance(w, MethodButton)}
    desk.window.activateWindow()
    desk.window.setFocus()
    reached: list[QWidget] = []
    for _ in range(4 * len(wanted)):
        press(desk, Qt.Key.Key_Tab)
        focused = desk.window.focusWidget()
        if focused is None or focused in reached:
            break
        reached.append(focused)
    assert not [w.accessibleName() for w in wanted - methods - set(reached)]
    assert methods & set(reached)
    names = [w.accessibleName() for w in reached]
    # The plane comes first, then the choice of what it shows.
    assert names.index("Trajectory view") == names.index("Close Trajectory") + 2


def test_tab_goes_down_the_walk(desk: Desk) -> None:
    desk.finish()
    names = ["Prompt", "Negative prompt", "Seed of keyframe A", "Seed of keyframe B", "Frames"]
    field(desk, "Prompt").setFocus()
    met = []
    for _ in range(60):
        focused = desk.window.focusWidget()
        met.append(focused.accessibleName() if focused else "")
        press(desk, Qt.Key.Key_Tab)
    places = [met.index(name) for name in names]
    assert places == sorted(places)


def test_arrows_go_through_the_methods(desk: Desk) -> None:
    next(w for w in shown(desk, MethodButton) if w.isChecked()).setFocus()  # type: ignore[attr-defined]
    press(desk, Qt.Key.Key_Up)
    assert desk.state.exploration.walk.methods != (MethodChoice("slerp"),)


def test_enter_presses_every_button(desk: Desk) -> None:
    desk.finish()
    deaf = []
    for button in list(shown(desk, QAbstractButton)):
        if isinstance(button, QAbstractButton) and button.focusPolicy() & TAB:
            heard: list[bool] = []
            menu = button.menu() if isinstance(button, Button) else None
            if menu is not None:
                menu.aboutToShow.connect(lambda heard=heard: heard.append(True))
                QTimer.singleShot(0, menu.close)
            button.blockSignals(menu is None)  # only whether it is pressed, not what follows
            was = button.isChecked()
            button.setFocus()
            down = button.isDown()
            QTest.keyClick(button, Qt.Key.Key_Return)
            button.blockSignals(False)
            changed = button.isCheckable() and button.isChecked() != was
            if not (heard or changed or down or not button.isCheckable()):
                deaf.append(button.accessibleName())
    assert not deaf


def test_f1_and_shift_question_mark_search_the_keys(desk: Desk) -> None:
    asked = []
    desk.window.actions_table["shortcuts"].triggered.connect(lambda: asked.append(True))
    press(desk, Qt.Key.Key_F1)
    press(desk, Qt.Key.Key_Question, SHIFT)
    assert len(asked) == 2


# ── the plane, by keys ───────────────────────────────────────────────────────────────────────


def test_the_point_of_the_plane_is_moved_by_keys(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    desk.state.seek(30)
    plot = desk.window.trajectory
    plot.setFocus(Qt.FocusReason.TabFocusReason)
    path = desk.state.results.lanes[0].path
    assert path is not None
    x, y = path.frames[30]
    press(desk, Qt.Key.Key_Left)
    press(desk, Qt.Key.Key_Down, SHIFT)
    qtbot.waitUntil(lambda: desk.state.probe is not None and desk.state.probe.y < y)
    assert desk.state.probe is not None
    assert (desk.state.probe.x, desk.state.probe.y) == pytest.approx((x - 0.05, y - 0.01))
    assert desk.state.playhead == 30
    press(desk, Qt.Key.Key_Right, ALT)  # the transport's keys go on to work
    assert desk.state.playhead == 60


def test_the_plane_is_zoomed_and_moved_by_keys(desk: Desk) -> None:
    desk.finish()
    plot = desk.window.trajectory
    plot.setFocus()
    box = plot.findChild(QGraphicsView).centralWidget
    whole = box.viewRect()
    press(desk, Qt.Key.Key_Plus)
    near = box.viewRect()
    assert near.width() == pytest.approx(0.8 * whole.width())
    press(desk, Qt.Key.Key_Right, CONTROL)
    assert box.viewRect().center().x() > near.center().x()
    press(desk, Qt.Key.Key_0)
    assert box.viewRect().center().x() == pytest.approx(whole.center().x())


def test_the_toy_s_ends_are_moved_by_keys(desk: Desk) -> None:
    plot = desk.window.trajectory
    plot.show_view("toy")
    plot.setFocus()
    before = plot.view.ends.copy()
    press(desk, Qt.Key.Key_Right)
    press(desk, Qt.Key.Key_Up, SHIFT)
    assert (plot.view.ends - before).tolist() == [pytest.approx([0.1, 0]), pytest.approx([0, 0.1])]


def test_m_goes_through_the_compared_methods(desk: Desk) -> None:
    choices = (MethodChoice("linear"), MethodChoice("slerp"))
    desk.state.edit(replace(desk.state.exploration, compare=choices), "Compare")
    desk.state.generate()
    desk.finish()
    seen = []
    for _ in range(3):
        press(desk, Qt.Key.Key_M)
        seen.append(desk.state.lane)
    assert seen == [1, 0, 1]


def test_the_noise_before_is_used_again_from_the_menu(desk: Desk) -> None:
    desk.finish()
    dice = next(b for b in shown(desk, Button) if b.accessibleName() == "Random seed")
    click(dice)
    assert desk.state.exploration.walk.keyframes[0].noise != NoiseSource(1, 0)
    more = next(b for b in shown(desk, Button) if b.accessibleName() == "More for this keyframe")
    more.menu().aboutToShow.emit()  # type: ignore[attr-defined]
    again = more.menu().actions()[0]  # type: ignore[attr-defined]
    again.trigger()
    assert desk.state.exploration.walk.keyframes[0].noise == NoiseSource(1, 0)
