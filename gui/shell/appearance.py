"""Chooses the theme: the one set in the preferences, or else the system's colour scheme."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from gui.widgets.theme import Theme, apply_theme, theme_for


class Appearance(QObject):
    """Owns the application's theme, and changes it when the system's colour scheme changes.

    Signals: changed(theme).
    """

    changed = Signal(object)

    def __init__(self, app: QApplication, wish: str = "system") -> None:
        super().__init__(app)
        self._app, self._wish = app, wish
        self.theme: Theme = theme_for(app, wish)
        apply_theme(app, self.theme)
        app.styleHints().colorSchemeChanged.connect(self._scheme_changed)

    def set_wish(self, wish: str) -> None:
        """Use the "dark" or the "light" theme, or the one of the "system"."""
        self._wish = wish
        self._scheme_changed()

    def _scheme_changed(self) -> None:
        theme = theme_for(self._app, self._wish)
        if theme != self.theme:
            self.theme = theme
            apply_theme(self._app, theme)
            self.changed.emit(theme)
