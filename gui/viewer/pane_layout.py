"""Lays out the viewer's panes in rows and columns, with pictures as large as possible."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QPointF, QRectF, QSizeF

from gui.viewer.panes import Pane
from gui.widgets.theme import UNIT

GAP = 2.0 * UNIT


def lay_out(
    panes: list[Pane], room: QSizeF, head: float, columns: int | None = None
) -> list[tuple[QRectF, Pane]]:
    """Returns a cell for each pane, row by row, without unused space between the pictures. A row
    that is not full is centred. `head` is the height of a title in pixels. Without `columns`,
    their number is the one that makes the pictures largest."""
    if not panes:
        return []
    if len(panes) == 1:
        return [(QRectF(QPointF(), room), panes[0])]
    columns = columns or _best_columns(panes, room, head)
    cell = _cell(panes, room, head, columns)
    wide, high = cell.width() + GAP, cell.height() + GAP
    top = (room.height() - ceil(len(panes) / columns) * high + GAP) / 2
    cells = []
    for number, pane in enumerate(panes):
        row, column = divmod(number, columns)
        full = min(columns, len(panes) - row * columns)
        left = (room.width() - full * wide + GAP) / 2
        corner = QPointF(left + column * wide, top + row * high)
        cells.append((QRectF(corner, cell), pane))
    return cells


def _cell(panes: list[Pane], room: QSizeF, head: float, columns: int) -> QSizeF:
    """Returns the size of a cell: a picture, the title above it, and gaps around both."""
    rows = ceil(len(panes) / columns)
    width = (room.width() - GAP * (columns + 1)) / columns
    height = (room.height() - GAP * (rows + 1)) / rows - head
    high, wide = _shape(panes)
    width = min(width, height * wide / high)
    return QSizeF(width, width * high / wide + head)


def _best_columns(panes: list[Pane], room: QSizeF, head: float) -> int:
    high, wide = _shape(panes)

    def scale(columns: int) -> float:
        height = room.height() / ceil(len(panes) / columns) - head
        return min(room.width() / columns / wide, height / high)

    return max(range(1, len(panes) + 1), key=scale)


def _shape(panes: list[Pane]) -> tuple[int, int]:
    """Returns height and width of the pictures. All belong to one walk and have one shape."""
    shapes = (pane.image.shape[:2] for pane in panes if pane.image is not None)
    high, wide = next(shapes, (1, 1))
    return high, wide
