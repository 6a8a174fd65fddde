"""Lays out the viewer's panes in rows and columns, with pictures as large as possible."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from PySide6.QtCore import QPointF, QRectF, QSizeF

from gui.viewer.panes import Pane
from gui.widgets.theme import UNIT

GAP = 2.0 * UNIT
#: Three panes stand in a column if their pictures are larger by this factor than in a row.
COLUMN_FACTOR = 1.5

Cells = list[tuple[QRectF, Pane]]


def lay_out(panes: list[Pane], room: QSizeF, head: float, columns: int | None = None) -> Cells:
    """Returns a cell for each pane, row by row, without unused space between the pictures. A row
    that is not full is centred. `head` is the height of a title in pixels. Without `columns`,
    their number is the one that makes the pictures largest; three panes stand in one row, or in
    one column where the viewer is narrow."""
    if not panes:
        return []
    if len(panes) == 1:
        return [(QRectF(QPointF(), room), panes[0])]
    columns = columns or _best_columns(panes, room, head)
    return _placed(panes, room, _cell(panes, room, head, columns), columns)


def lay_out_sheet(
    panes: list[Pane], room: QSizeF, head: float, columns: int, title: float
) -> Cells:
    """Returns a row of `columns` cells for each lane. The title of a lane is above its row, `head`
    pixels high, or left of it, `title` pixels wide; the place that makes pictures larger."""
    if len(panes) < 2:
        return lay_out(panes, room, head)
    above = _cell(panes, room, head, columns)
    free = QSizeF(room.width() - title, room.height())
    beside = _cell(panes, free, 0.0, columns, GAP / 2)
    if above.width() >= beside.width():
        return _placed(panes, room, above, columns)
    cells = _placed(panes, free, beside, columns, GAP / 2)
    return [
        (cell.translated(title, 0), replace(pane, title=pane.title.strip(), beside=title))
        for cell, pane in cells
    ]


def lay_out_latents(panes: list[Pane], room: QSizeF, head: float) -> Cells:
    """Returns the cells of z_T and below them those of z_0, each in as many rows as make the
    pictures largest. A channel of z_0 is in the same column as that of z_T. With an odd number of
    panes, the last one belongs to neither and is in a row of its own."""
    half, nothing = len(panes) // 2, Pane()

    def blocks(columns: int) -> list[Pane]:
        free = [nothing] * (-half % columns)
        return [*panes[:half], *free, *panes[half : 2 * half], *free, *panes[2 * half :]]

    def width(columns: int) -> float:
        return _cell(blocks(columns), room, head, columns).width()

    columns = max(range(1, half + 1), key=width)
    cells = lay_out(blocks(columns), room, head, columns)
    return [(cell, pane) for cell, pane in cells if pane is not nothing]


def _placed(panes: list[Pane], room: QSizeF, cell: QSizeF, columns: int, gap: float = GAP) -> Cells:
    wide, high = cell.width() + gap, cell.height() + gap
    top = (room.height() - ceil(len(panes) / columns) * high + gap) / 2
    cells = []
    for number, pane in enumerate(panes):
        row, column = divmod(number, columns)
        full = min(columns, len(panes) - row * columns)
        left = (room.width() - full * wide + gap) / 2
        corner = QPointF(left + column * wide, top + row * high)
        cells.append((QRectF(corner, cell), pane))
    return cells


def _cell(panes: list[Pane], room: QSizeF, head: float, columns: int, gap: float = GAP) -> QSizeF:
    """Returns the size of a cell: a picture, the title above it, and gaps around both."""
    rows = ceil(len(panes) / columns)
    width = (room.width() - gap * (columns + 1)) / columns
    height = (room.height() - gap * (rows + 1)) / rows - head
    high, wide = _shape(panes)
    width = min(width, height * wide / high)
    return QSizeF(width, width * high / wide + head)


def _best_columns(panes: list[Pane], room: QSizeF, head: float) -> int:
    high, wide = _shape(panes)

    def scale(columns: int) -> float:
        height = room.height() / ceil(len(panes) / columns) - head
        return min(room.width() / columns / wide, height / high)

    if len(panes) == 3:
        return 1 if scale(1) > COLUMN_FACTOR * scale(3) else 3
    return max(range(1, len(panes) + 1), key=scale)


def _shape(panes: list[Pane]) -> tuple[int, int]:
    """Returns height and width of the pictures. All belong to one walk and have one shape."""
    shapes = (pane.image.shape[:2] for pane in panes if pane.image is not None)
    high, wide = next(shapes, (1, 1))
    return high, wide
