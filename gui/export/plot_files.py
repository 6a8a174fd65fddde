"""Writes a plot to a file as it is on the screen: as PNG or as SVG."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView, QWidget

from engine.atomic import WriteError, atomic_path


def write_png(plot: QWidget, path: Path) -> None:
    """Writes the plot at the resolution of its screen. Raises InputError and WriteError."""
    with atomic_path(path) as part:
        if not plot.grab().save(str(part), "PNG"):
            raise WriteError(f"{path} cannot be written; choose another place.")


def write_svg(plot: QWidget, path: Path) -> None:
    """Writes the plot as shapes and text. Raises InputError and WriteError."""
    with atomic_path(path) as part:
        generator = QSvgGenerator()
        generator.setFileName(str(part))
        generator.setSize(plot.size())
        generator.setViewBox(plot.rect())
        generator.setTitle(plot.accessibleName())
        painter = QPainter()
        if not painter.begin(generator):
            raise WriteError(f"{path} cannot be written; choose another place.")
        try:
            with _without_caches(plot):
                # QGraphicsView.render paints only the scene; QWidget.render paints the widget.
                QWidget.render(plot, painter, QPoint())
        finally:
            painter.end()  # an active painter whose device is deleted crashes the process


@contextmanager
def _without_caches(plot: QWidget) -> Iterator[None]:
    """Disables the pixel caches of views and items, so that they are painted as shapes."""
    views = [(view, view.cacheMode()) for view in _views(plot)]
    items = [(item, item.cacheMode()) for view, _ in views for item in view.items()]
    for view, _ in views:
        view.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
    for item, _ in items:
        item.setCacheMode(QGraphicsItem.CacheMode.NoCache)
    try:
        yield
    finally:
        for view, mode in views:
            view.setCacheMode(mode)
        for item, kept in items:
            item.setCacheMode(kept)


def _views(plot: QWidget) -> list[QGraphicsView]:
    inside = plot.findChildren(QGraphicsView)
    return [plot, *inside] if isinstance(plot, QGraphicsView) else inside
