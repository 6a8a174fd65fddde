"""The dialogs beside the window: shortcuts, about, log."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.dialogs.about_dialog import AboutDialog, versions
from gui.dialogs.log_view import LogView, tail
from gui.dialogs.shortcuts_dialog import ShortcutsDialog


def test_shortcuts_are_searched_by_name_and_by_key(qtbot: QtBot) -> None:
    dialog = ShortcutsDialog()
    qtbot.addWidget(dialog)
    assert len(dialog.shown()) > 40
    QTest.keyClicks(dialog.search, "keyframe")
    assert "Previous keyframe" in dialog.shown()
    assert "Undo" not in dialog.shown()
    dialog.search.setText("F11")
    assert dialog.shown() == ["Full screen"]
    dialog.search.setText("no such thing")
    assert dialog.shown() == []


def test_about_copies_its_versions(qtbot: QtBot) -> None:
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    dialog.copy_versions()
    copied = QGuiApplication.clipboard().text()
    assert f"Qt {versions()['Qt']}" in copied
    assert "torch" in copied


def test_the_log_is_read_from_its_end(tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "log.txt"
    assert tail(path) == ""
    path.write_text("".join(f"line {n}\n" for n in range(1000)), encoding="utf-8")
    assert tail(path, 30).splitlines()[-1] == "line 999"
    assert tail(path, 30).splitlines()[0] in {f"line {n}" for n in range(1000)}
    view = LogView(path)
    qtbot.addWidget(view)
    assert "line 999" in view.text.toPlainText()
