"""Paints the viewer's panes: pictures, titles above them, and notes in a corner."""

from __future__ import annotations

from math import floor

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen

from engine.messages import Image
from engine.pictures.colour_bar import colour_bar
from gui.viewer.panes import Pane
from gui.widgets.qt_images import to_qimage
from gui.widgets.theme import UNIT, Theme, tint

#: Colours of the notes over pictures, the same in both themes, and the opacity of their ground.
NOTE_GROUND, NOTE_OPACITY = "#0b0c10", 0.8
NOTE_TEXT, NOTE_WARNING = "#f1f2f5", "#ff9a9c"


#: The loupe's enlargement, and its side as a share of the picture's shorter side.
LOUPE, LOUPE_SHARE = 4.0, 0.5


class PanePainter:
    """Paints panes. It converts each picture to a QImage once and keeps it."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.loupe: QPointF | None = None
        self._pictures: dict[int, tuple[Image, QImage]] = {}

    @property
    def head(self) -> float:
        """Height of a title in pixels."""
        return QFontMetricsF(self._title_font()).height() + UNIT

    def title_width(self, panes: list[Pane]) -> float:
        """Returns the width of the widest title and a gap, in pixels."""
        metrics = QFontMetricsF(self._title_font())
        return max((metrics.horizontalAdvance(pane.title) for pane in panes), default=0) + 3 * UNIT

    def paint(self, painter: QPainter, cells: list[tuple[QRectF, Pane]], crisp: bool) -> None:
        """Paint every pane into its cell. `crisp` pictures are enlarged by whole factors."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._pictures = {k: v for k, v in self._pictures.items() if k < len(cells)}
        targets = [
            self._paint_pane(painter, number, cell, pane, crisp)
            for number, (cell, pane) in enumerate(cells)
        ]
        for target, (_, pane) in zip(targets, cells, strict=True):
            if pane.note:  # a long one reaches over the next picture
                self._paint_note(painter, target, pane)

    def _paint_pane(
        self, painter: QPainter, number: int, cell: QRectF, pane: Pane, crisp: bool
    ) -> QRectF:
        """Paint a pane without its note. Returns the place of its picture."""
        above = bool(pane.title) and not pane.beside
        target = cell.adjusted(0, self.head if above else 0, 0, 0)
        if pane.image is not None:
            ratio = painter.device().devicePixelRatio()
            target = fitted(pane.image, target, ratio, crisp)
            smooth = not (crisp or pane.raw)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            painter.drawImage(target, self._picture(number, pane.image))
            if self.loupe is not None:
                self._paint_loupe(painter, target, self._picture(number, pane.image), self.loupe)
        elif pane.title:
            painter.fillRect(target, QColor(self.theme.surface))
        if pane.current:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self.theme.accent), 2))
            painter.drawRect(target)
        if pane.seam is not None:
            self._paint_seam(painter, target, pane.seam)
        if pane.title:
            self._paint_title(painter, target, pane)
        if pane.colour_bar:
            self._paint_colour_bar(painter, target)
        return target

    def spot_at(
        self, cell: QRectF, pane: Pane, ratio: float, crisp: bool, position: QPointF
    ) -> QPointF | None:
        """Returns the spot of the picture in `cell` that is at `position`, as shares of its width
        and height. None beside the picture."""
        if pane.image is None:
            return None
        above = bool(pane.title) and not pane.beside
        room = cell.adjusted(0, self.head if above else 0, 0, 0)
        target = fitted(pane.image, room, ratio, crisp)
        if not target.contains(position):
            return None
        offset = position - target.topLeft()
        return QPointF(offset.x() / target.width(), offset.y() / target.height())

    def _paint_loupe(
        self, painter: QPainter, target: QRectF, picture: QImage, spot: QPointF
    ) -> None:
        """Paint the surroundings of a spot `LOUPE` times larger, in a square around it."""
        side = LOUPE_SHARE * min(target.width(), target.height())
        lens = QRectF(0, 0, side, side)
        lens.moveCenter(_at(target, spot))
        scale = picture.width() / target.width() / LOUPE
        source = QRectF(0, 0, side * scale, side * scale)
        source.moveCenter(_at(QRectF(picture.rect()), spot))
        painter.drawImage(_within(lens, target), picture, _within(source, QRectF(picture.rect())))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self.theme.accent), 2))
        painter.drawRect(_within(lens, target))

    def _picture(self, number: int, image: Image) -> QImage:
        known, picture = self._pictures.get(number, (None, None))
        if picture is None or known is not image:
            picture = to_qimage(image)
            self._pictures[number] = (image, picture)
        return picture

    def _title_font(self) -> QFont:
        return self.theme.font(0.95, bold=True)

    def _paint_title(self, painter: QPainter, target: QRectF, pane: Pane) -> None:
        painter.setFont(self._title_font())
        painter.setPen(QColor(self.theme.method_ink(pane.method)))
        line = QRectF(target.left(), target.top() - self.head, target.width(), self.head)
        text, elide = pane.title, Qt.TextElideMode.ElideMiddle
        if pane.beside:
            line = QRectF(target.left() - pane.beside, target.top(), pane.beside, target.height())
            text = painter.fontMetrics().elidedText(text, elide, int(line.width() - UNIT))
        elif pane.heads_row:
            line.setWidth(painter.device().width())
        else:
            text = painter.fontMetrics().elidedText(text, elide, int(line.width()))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_seam(self, painter: QPainter, target: QRectF, share: float) -> None:
        """Paint a line where the noises of two keyframes meet."""
        x = target.left() + share * target.width()
        for width, colour in ((3.0, tint("#0b0c10", 0.6)), (1.5, QColor(self.theme.warning))):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(x, target.top()), QPointF(x, target.bottom()))

    def _paint_colour_bar(self, painter: QPainter, target: QRectF) -> None:
        """Paint the scale of a heat map into its upper right corner, on paper as in exports."""
        ratio = painter.device().devicePixelRatio()
        width, height = min(target.width() / 2, 30 * UNIT), 6 * UNIT
        bar = QRectF(0, 0, width, height)
        bar.moveTopRight(target.topRight() + QPointF(-UNIT, UNIT))
        painter.drawImage(bar, to_qimage(colour_bar(round(width * ratio), round(height * ratio))))

    def _paint_note(self, painter: QPainter, target: QRectF, pane: Pane) -> None:
        """Paint the note on a dark ground, which is legible over any picture."""
        painter.setFont(self.theme.font(0.88, digits=True))
        metrics = QFontMetricsF(painter.font())
        size = QSizeF(metrics.horizontalAdvance(pane.note) + 4 * UNIT, metrics.height() + UNIT)
        pill = QRectF(QPointF(0, 0), size)
        pill.moveBottomLeft(target.bottomLeft() + QPointF(2 * UNIT, -2 * UNIT))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint(NOTE_GROUND, NOTE_OPACITY))
        painter.drawRoundedRect(pill, size.height() / 2, size.height() / 2)
        painter.setPen(QColor(NOTE_WARNING if pane.warn else NOTE_TEXT))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, pane.note)


def _at(rect: QRectF, spot: QPointF) -> QPointF:
    """Returns the point of `rect` at these shares of its width and height."""
    return rect.topLeft() + QPointF(spot.x() * rect.width(), spot.y() * rect.height())


def _within(rect: QRectF, room: QRectF) -> QRectF:
    """Returns the rectangle, moved into `room` as far as it leaves it."""
    left = min(max(rect.left(), room.left()), room.right() - rect.width())
    top = min(max(rect.top(), room.top()), room.bottom() - rect.height())
    return QRectF(left, top, rect.width(), rect.height())


def fitted(image: Image, room: QRectF, ratio: float, crisp: bool) -> QRectF:
    """Returns the largest rectangle for `image` in `room`, aligned to device pixels.

    `ratio` is device pixels per logical pixel. A crisp picture is enlarged by whole factors only.
    """
    height, width = image.shape[:2]
    scale = min(room.width() / width, room.height() / height)
    if crisp and scale * ratio >= 1.0:
        scale = floor(scale * ratio) / ratio
    target = QRectF(0, 0, width * scale, height * scale)
    target.moveCenter(room.center())
    target.moveLeft(round(target.left() * ratio) / ratio)
    target.moveTop(round(target.top() * ratio) / ratio)
    return target
