"""Work on a thread of its own: results, errors, and work that hangs."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from gui.widgets.background_work import Background


def test_background_work_reports_errors_as_results(qtbot: QtBot) -> None:
    background = Background()
    results: list[object] = []

    def fail() -> None:
        raise OSError("gone")

    background.run(lambda: 7, results.append)
    background.run(fail, results.append)
    background.run(lambda: 1 // 0, results.append)
    qtbot.waitUntil(lambda: len(results) == 3)
    assert results[0] == 7
    assert [type(result) for result in results[1:]] == [OSError, ZeroDivisionError]
    background.close()
    background.run(lambda: 8, results.append)
    background.close()
    QCoreApplication.processEvents()
    assert len(results) == 3


def test_background_work_that_hangs_is_not_waited_for(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.widgets.background_work.CLOSE_MS", 30)
    background, gate = Background(), threading.Event()
    background.run(lambda: gate.wait(60), lambda _: None)
    background.close()
    assert not background.idle
    gate.set()
    background.close()
    assert background.idle
