"""The atlas in the trajectory plot: its pictures, or the colours of their regions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPaintEngine, QPainter, QPen, QPixmap, QTransform

from engine.atlas.grid import MOST_CELLS, Cell, coarseness
from engine.lru_cache import LruCache
from engine.messages import Image, Points
from gui.atlas.regions import region_colour
from gui.trajectory.plane.plane_item import PlaneItem, mapped
from gui.widgets.qt_images import empty_pixmap, to_pixmap
from gui.widgets.theme import Theme, tint

#: Side of a cell's picture in pixels, and most pictures in memory: 23 MB at most.
SIDE, CAPACITY = 48, MOST_CELLS
#: Opacity of a region's colour over its pictures.
COVER = 0.62


class AtlasItem(PlaneItem):
    """Paints the pictures of cells, coarse ones first and finer ones over them. Owns small copies
    of the pictures, and on a screen a copy of the painting, to which new cells are added."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._pixmaps: LruCache[Cell, QPixmap] = LruCache(CAPACITY)
        self._cells: tuple[Cell, ...] = ()
        self._spacing = 0.0
        self._labels: Mapping[Cell, int] = {}
        self._borders: Points = np.empty((0, 2))
        self._new: set[Cell] = set()
        self._version = 0  # of the regions
        self._painting: tuple[object, QPixmap] | None = None

    def set_cells(self, cells: tuple[Cell, ...], spacing: float) -> None:
        """Set the cells, coarse to fine, and the distance between neighbours; none hides all."""
        self._cells, self._spacing = cells, spacing
        self.changed()

    def set_regions(self, labels: Mapping[Cell, int], borders: Points) -> None:
        """Set the number of the region of each cell, and points [n, 2] on borders between regions.
        Without labels, the pictures are shown alone."""
        self._labels, self._borders = labels, borders
        self._version += 1
        self.update()

    def add(self, cell: Cell, image: Image) -> None:
        """Add the picture of a cell. The item is painted again at the next `update`."""
        self._pixmaps.put(cell, to_pixmap(image, SIDE))
        self._new.add(cell)

    def has(self, cell: Cell) -> bool:
        """True if the picture of a cell is in memory."""
        return cell in self._pixmaps

    def clear(self) -> None:
        """Remove all pictures and regions."""
        self._pixmaps = LruCache(CAPACITY)
        self.set_regions({}, np.empty((0, 2)))
        self.set_cells((), 0.0)

    def draw(self, painter: QPainter, screen: QTransform, unit: float) -> None:
        # A cell is as large as in its coarsest grid until the whole grid is there.
        full = all(cell in self._pixmaps for cell in self._cells)
        engine = painter.paintEngine()
        if engine is not None and engine.type() == QPaintEngine.Type.Raster:
            self._draw_painting(painter, screen, unit, full)
        else:  # a page of shapes
            self._draw_cells(painter, screen, unit, full, self._cells)
        self._draw_borders(painter, screen)

    def _draw_painting(
        self, painter: QPainter, screen: QTransform, unit: float, full: bool
    ) -> None:
        """Draw the copy of the painting, after the new cells were added to it."""
        device = painter.device()
        size = QSize(device.width(), device.height())
        ratio = device.devicePixelRatioF()
        state = QTransform(screen), size, ratio, full, self._cells, self._version
        if self._painting is None or self._painting[0] != state:
            self._painting = state, empty_pixmap(size, ratio)
            wanted = self._cells
        else:
            wanted = tuple(cell for cell in self._cells if cell in self._new)
        self._new.clear()
        _, pixmap = self._painting
        if wanted:
            copy = QPainter(pixmap)
            self._draw_cells(copy, screen, unit, full, wanted)
            copy.end()
        painter.drawPixmap(0, 0, pixmap)

    def _draw_cells(
        self,
        painter: QPainter,
        screen: QTransform,
        unit: float,
        full: bool,
        cells: tuple[Cell, ...],
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for cell in cells:
            pixmap = self._pixmaps.get(cell)
            if pixmap is None:
                continue
            side = (self._spacing if full else coarseness(cell, self._spacing)) * unit
            box = QRectF(0, 0, side, side)
            box.moveCenter(screen.map(QPointF(*cell)))
            painter.drawPixmap(box, pixmap, QRectF(pixmap.rect()))
            if cell in self._labels:
                colour = region_colour(self._labels[cell])
                painter.fillRect(box, tint(colour, COVER))

    def _draw_borders(self, painter: QPainter, screen: QTransform) -> None:
        painter.setPen(QPen(QColor(self.theme.canvas), 1))
        painter.setBrush(QColor(self.theme.text))
        for place in mapped(self._borders, screen):
            painter.drawEllipse(QPointF(*place), 2.2, 2.2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
