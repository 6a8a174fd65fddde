"""The theme: that of the system, or the one that the person chose."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from gui.shell.appearance import Appearance
from gui.widgets.theme import DARK, LIGHT


def test_the_theme_follows_the_wish(qapp: QApplication) -> None:
    appearance = Appearance(qapp, "dark")
    seen: list[object] = []
    appearance.changed.connect(seen.append)
    assert appearance.theme is DARK
    appearance.set_wish("light")
    assert seen == [LIGHT]
    appearance.set_wish("light")
    assert seen == [LIGHT]
    appearance.deleteLater()
