"""Many calls are answered by few signals."""

from __future__ import annotations

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from gui.widgets.throttle import Throttle

#: Milliseconds: longer than the calls of a test take, so that all of them fall into one interval.
INTERVAL = 200


class Counted:
    """A throttle, and how often it has answered."""

    def __init__(self, owner: QObject, *, leading: bool = False) -> None:
        self.answers = 0
        self.throttle = Throttle(INTERVAL, owner, leading=leading)
        self.throttle.triggered.connect(self._count)

    def call(self, times: int) -> None:
        for _ in range(times):
            self.throttle.throttle()

    def _count(self) -> None:
        self.answers += 1


def test_all_calls_of_an_interval_are_answered_once_at_its_end(qapp: QObject, qtbot: QtBot) -> None:
    owner = QObject()
    counted = Counted(owner)
    counted.call(5)
    assert counted.answers == 0
    qtbot.waitUntil(lambda: counted.answers == 1)
    counted.call(2)
    qtbot.waitUntil(lambda: counted.answers == 2)


def test_a_leading_throttle_answers_the_first_call_at_once(qapp: QObject, qtbot: QtBot) -> None:
    owner = QObject()
    counted = Counted(owner, leading=True)
    counted.call(5)
    assert counted.answers == 1
    qtbot.waitUntil(lambda: counted.answers == 2)
    counted.call(1)
    assert counted.answers == 2, "the answer at the end has begun another interval"


def test_calls_that_are_dropped_are_not_answered(qapp: QObject, qtbot: QtBot) -> None:
    owner = QObject()
    dropped, later = Counted(owner), Counted(owner)
    dropped.call(3)
    dropped.throttle.cancel()
    later.call(1)  # its interval ends after that of the other
    qtbot.waitUntil(lambda: later.answers == 1)
    assert dropped.answers == 0
