"""A plot as a file, as it is seen: pixels, or shapes that can be enlarged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsView, QWidget

from engine.atomic import WriteError, atomic_path


def write_png(plot: QWidget, path: Path) -> None:
    """The plot in the pixels of its screen. Raises InputError and WriteError."""
    with atomic_path(path) as part:
        if not plot.grab().save(str(part), "PNG"):
            raise WriteError(f"{path} cannot be written; choose another place.")


def write_svg(plot: QWidget, path: Path) -> None:
    """The plot as shapes and text. Raises InputError and WriteError."""
    with atomic_path(path) as part:
        generator = QSvgGenerator()
        generator.setFileName(str(part))
        generator.setSize(QSize(plot.width(), plot.height()))
        generator.setViewBox(QRect(0, 0, plot.width(), plot.height()))
        generator.setTitle(plot.accessibleName())
        painter = QPainter()
        if not painter.begin(generator):
            raise WriteError(f"{path} cannot be written; choose another place.")
        with _without_caches(plot):
            plot.render(painter, QPoint())
        painter.end()


@contextmanager
def _without_caches(plot: QWidget) -> Iterator[None]:
    """Views that keep their background in pixels paint it anew, as a shape."""
    views = [(view, view.cacheMode()) for view in _views(plot)]
    for view, _ in views:
        view.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
    try:
        yield
    finally:
        for view, mode in views:
            view.setCacheMode(mode)


def _views(plot: QWidget) -> list[QGraphicsView]:
    inside = plot.findChildren(QGraphicsView)
    return [plot, *inside] if isinstance(plot, QGraphicsView) else inside
