"""The window on small screens, and panels that keep the sizes a person gave them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSizeF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from gui.measures.measure_values import offered
from gui.shell.window_place import hide_floating
from gui.viewer.pane_layout import lay_out, lay_out_latents, lay_out_sheet
from gui.viewer.panes import Pane
from gui.walk.method_buttons import MethodButton
from gui.widgets.tick_menu import TickMenu
from tests.gui.conftest import Desk
from tests.support.scripted_engine import picture
from tests.support.studio import Studio

#: Client areas of a maximised window: 1366×768 and 1280×720 with a title bar of 25 pixels, and
#: the latter with a bar of 40 pixels as well.
SIZES = [(1366, 743), (1280, 695), (1280, 655)]
THREE = tuple(measure.name for measure in sorted(offered(), key=lambda m: not m.scored))[:3]


def compare(desk: Desk, qtbot: QtBot) -> None:
    desk.window.actions_table["compare"].trigger()
    qtbot.waitUntil(lambda: desk.state.results.are_of(desk.state.exploration))
    desk.finish()
    qtbot.waitUntil(lambda: not desk.state.busy)


def resized(desk: Desk, width: int, height: int, qtbot: QtBot) -> None:
    desk.window.resize(width, height)
    qtbot.waitUntil(lambda: desk.window.size().toTuple() == (width, height))


def whole(widget: QWidget) -> bool:
    """Whether all of a widget is seen."""
    region = widget.visibleRegion().boundingRect()
    return region.width() >= widget.width() - 1 and region.height() >= widget.height() - 1


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("compared", [False, True], ids=["one", "compared"])
def test_everything_of_a_walk_is_seen_without_scrolling(
    desk: Desk, qtbot: QtBot, width: int, height: int, compared: bool
) -> None:
    desk.finish()
    resized(desk, width, height, qtbot)
    if compared:
        compare(desk, qtbot)
    desk.window.measures.show_measures(THREE)
    desk.finish()
    QApplication.processEvents()
    assert desk.window.size().toTuple() == (width, height)
    names = {"Prompt", "Seed of keyframe A", "Seed of keyframe B", "Add a keyframe", "Frames"}
    widgets = desk.window.findChildren(QWidget)
    found = [w for w in widgets if w.accessibleName() in names and w.isVisible()]
    found += [w for w in widgets if isinstance(w, MethodButton)]
    found += desk.window.transport.findChildren(QAbstractButton)
    assert len(found) >= 16
    hidden = [w.accessibleName() for w in found if w.isVisible() and not whole(w)]
    assert hidden in ([], ["Frames"])
    assert whole(desk.window.toolbar.export)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_ring_stays_larger_than_its_labels(
    desk: Desk, qtbot: QtBot, width: int, height: int
) -> None:
    desk.finish()
    resized(desk, width, height, qtbot)
    compare(desk, qtbot)
    desk.window.measures.show_measures(THREE)
    QApplication.processEvents()
    radius = 1.0 / max(desk.window.trajectory.view.box.viewPixelSize())
    assert radius >= 40


# ── measures ─────────────────────────────────────────────────────────────────────────────────


def places(desk: Desk) -> dict[str, tuple[int, ...]]:
    """Where panels and the button of the measures are."""
    button = named(desk, "Choose measures")
    found = {name: dock.geometry().getRect() for name, dock in desk.window.panels.docks.items()}
    return {**found, "button": button.mapTo(desk.window, QPoint()).toTuple()}


def named(desk: Desk, name: str) -> QWidget:
    return next(w for w in desk.window.findChildren(QWidget) if w.accessibleName() == name)


def test_ticking_measures_moves_nothing_and_the_menu_stays_open(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    resized(desk, 1366, 743, qtbot)
    compare(desk, qtbot)
    desk.window.measures.show_measures(())
    QApplication.processEvents()
    before = places(desk)
    menu = named(desk, "Choose measures").menu()  # type: ignore[attr-defined]
    assert isinstance(menu, TickMenu)
    menu.popup(QPoint(40, 40))
    for action in menu.actions()[:3]:
        place = menu.actionGeometry(action).center()
        QTest.mouseMove(menu, place)
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=place)
        assert action.isChecked()
        assert menu.isVisible()
        QApplication.processEvents()
    QTest.keyClick(menu, Qt.Key.Key_Space)
    assert not menu.actions()[2].isChecked()
    assert menu.isVisible()
    QTest.keyClick(menu, Qt.Key.Key_Escape)
    assert not menu.isVisible()
    desk.finish()
    QApplication.processEvents()
    assert len(desk.state.exploration.measures) == 2
    assert places(desk) == before


def test_two_methods_stay_ticked_in_the_menu_that_stays_open(desk: Desk, qtbot: QtBot) -> None:
    compare(desk, qtbot)
    menu = desk.window.toolbar.methods
    menu.aboutToShow.emit()
    menu.popup(QPoint(40, 40))
    for action in [action for action in menu.actions() if action.isChecked()]:
        middle = menu.actionGeometry(action).center()
        # Qt takes a mouse that is near its place before for one that rests, until its eighth move.
        for step in range(8):
            QTest.mouseMove(menu, middle + QPoint(step, 0))
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=middle)
        assert menu.isVisible()
    assert sum(action.isChecked() for action in menu.actions()) == 2
    assert len(desk.state.exploration.compare) == 2
    menu.close()


def test_panels_keep_the_heights_a_person_gave_them(desk: Desk, qtbot: QtBot) -> None:
    desk.finish()
    resized(desk, 1440, 900, qtbot)
    docks = desk.window.panels.docks
    vertical = Qt.Orientation.Vertical
    desk.window.resizeDocks([docks["timeline"]], [220], vertical)
    desk.window.resizeDocks([docks["trajectory"], docks["measures"]], [220, 400], vertical)
    QApplication.processEvents()
    before = {name: dock.height() for name, dock in docks.items()}
    assert before["timeline"] == 220
    desk.window.measures.show_measures(THREE)
    compare(desk, qtbot)
    QApplication.processEvents()
    assert {name: dock.height() for name, dock in docks.items()} == before


@pytest.mark.parametrize("given", [300, None], ids=["person", "fitted"])
def test_the_timeline_comes_back_as_it_was_given(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path, given: int | None
) -> None:
    first = Studio(qapp, tmp_path, "dark")
    dock = first.window.panels.docks["timeline"]
    first.settle()
    fitted = dock.height()
    if given is None:  # higher for three rows
        first.window.actions_table["compare"].trigger()
        first.finish()
        qtbot.waitUntil(lambda: dock.height() > fitted)
        first.settle()
    else:
        first.window.resizeDocks([dock], [given], Qt.Orientation.Vertical)
        first.settle()
        given = dock.height()
    first.close()
    second = Studio(qapp, tmp_path, "dark")
    second.settle()
    try:
        assert second.window.panels.docks["timeline"].height() == (given or fitted)
    finally:
        second.close()


# ── pictures ─────────────────────────────────────────────────────────────────────────────────


def panes(count: int) -> list[Pane]:
    return [Pane(picture(0.2, 0.5, 1.0, 32), f"{number} · slerp") for number in range(count)]


@pytest.mark.parametrize("room", [(690, 520), (600, 420), (500, 500), (820, 640), (1400, 900)])
def test_three_panes_stand_in_a_row(room: tuple[int, int]) -> None:
    cells = lay_out(panes(3), QSizeF(*room), 18.0)
    assert len({cell.top() for cell, _ in cells}) == 1
    assert len({cell.left() for cell, _ in cells}) == 3


def test_three_panes_stand_in_a_column_where_it_is_narrow() -> None:
    cells = lay_out(panes(3), QSizeF(240, 900), 18.0)
    assert len({cell.left() for cell, _ in cells}) == 1


def test_nine_rows_of_a_sheet_use_the_space() -> None:
    room = QSizeF(700, 520)
    cells = lay_out_sheet(panes(81), room, 18.0, 9, 110.0)
    assert min(cell.width() for cell, _ in cells) > 52
    assert all(cell.left() - pane.beside >= 0 for cell, pane in cells)
    assert max(cell.bottom() for cell, _ in cells) <= room.height()
    assert max(cell.right() for cell, _ in cells) <= room.width()


@pytest.mark.parametrize(("channels", "rows", "width"), [(4, 1, 125), (16, 3, 65), (128, 6, 18)])
def test_latents_of_many_channels_are_in_several_rows(
    channels: int, rows: int, width: float
) -> None:
    room, half = QSizeF(700, 590), channels + 1
    for point in (0, 1):
        cells = lay_out_latents(panes(2 * half + point), room, 18.0)
        places = [(cell.left(), cell.top()) for cell, _ in cells]
        assert [pane for _, pane in cells] == panes(2 * half + point)
        assert cells[0][0].width() > width
        noise, result = places[:half], places[half : 2 * half]
        assert [x for x, _ in noise] == [x for x, _ in result]
        assert max(y for _, y in noise) < min(y for _, y in result)
        assert point or len({y for _, y in noise}) == rows
        assert max(cell.bottom() for cell, _ in cells) <= room.height()
        assert max(cell.right() for cell, _ in cells) <= room.width()


# ── floating panels ──────────────────────────────────────────────────────────────────────────


def test_a_floating_panel_is_shown_after_the_window(desk: Desk) -> None:
    docks = desk.window.panels.docks
    docks["trajectory"].setFloating(True)
    docks["measures"].setFloating(True)
    docks["measures"].close()
    assert hide_floating(desk.window) == [docks["trajectory"]]
    assert not docks["trajectory"].isVisible()


def test_a_floating_panel_comes_back_at_the_next_start(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    first = Studio(qapp, tmp_path, "dark")
    first.window.panels.docks["trajectory"].setFloating(True)
    first.close()
    second = Studio(qapp, tmp_path, "dark")
    dock = second.window.panels.docks["trajectory"]
    assert dock.isFloating()
    assert dock.isVisible()
    second.close()
