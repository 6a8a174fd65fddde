"""Writes a widget to a file: as PNG, SVG or PDF. SVG and PDF hold shapes and text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QMarginsF, QPoint, QSizeF
from PySide6.QtGui import QPageSize, QPaintDevice, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView, QWidget

from engine.atomic import WriteError, atomic_path

#: Pixels of the widget in an inch of the page.
PIXELS_PER_INCH = 96


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
        _paint(plot, generator, path)


def write_pdf(plot: QWidget, path: Path) -> None:
    """Writes the plot as one page of shapes and text. Raises InputError and WriteError."""
    with atomic_path(path) as part:
        writer = QPdfWriter(str(part))
        writer.setResolution(PIXELS_PER_INCH)
        size = QSizeF(plot.width() / PIXELS_PER_INCH, plot.height() / PIXELS_PER_INCH)
        exact = QPageSize.SizeMatchPolicy.ExactMatch
        writer.setPageSize(QPageSize(size, QPageSize.Unit.Inch, "", exact))
        writer.setPageMargins(QMarginsF())
        writer.setTitle(plot.accessibleName())
        _paint(plot, writer, path)


def _paint(plot: QWidget, device: QPaintDevice, path: Path) -> None:
    """Paints the widget on `device`. Raises WriteError with `path` if the device refuses."""
    painter = QPainter()
    if not painter.begin(device):
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
