"""Icons from the SVG files in resources/icons, painted in the theme's colours at any scale."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from gui.widgets.theme import Theme

ICONS = Path(str(resources.files("resources"))) / "icons"
_INK = "#000"


def icon(name: str, theme: Theme, colour: str = "") -> QIcon:
    """Returns resources/icons/`name`.svg in `colour`, or in the theme's muted colour."""
    return QIcon(_Drawing(_source(name), colour or theme.muted, theme.text, theme.disabled))


def app_icon() -> QIcon:
    """Returns the program's icon in its own colours."""
    return QIcon(str(ICONS / "latent-trails.svg"))


def _source(name: str) -> str:
    return (ICONS / f"{name}.svg").read_text(encoding="utf-8")


class _Drawing(QIconEngine):
    """Paints one SVG in the colour of the mode: normal, under the mouse, or disabled."""

    def __init__(self, source: str, resting: str, active: str, disabled: str) -> None:
        super().__init__()
        self._source, self._inks = source, (resting, active, disabled)
        self._renderers: dict[str, QSvgRenderer] = {}

    def _renderer(self, mode: QIcon.Mode) -> QSvgRenderer:
        resting, active, disabled = self._inks
        inks = {QIcon.Mode.Disabled: disabled, QIcon.Mode.Active: active}
        ink = inks.get(mode, resting)
        if ink not in self._renderers:
            drawing = self._source.replace(f'"{_INK}"', f'"{ink}"')
            self._renderers[ink] = QSvgRenderer(QByteArray(drawing.encode()))
        return self._renderers[ink]

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        self._renderer(mode).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        result = QPixmap(size)
        if size.isEmpty():  # the button has no size yet
            return result
        result.fill(Qt.GlobalColor.transparent)
        painter = QPainter(result)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return result

    def clone(self) -> QIconEngine:
        return _Drawing(self._source, *self._inks)
