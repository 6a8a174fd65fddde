"""Converts arrays to Qt images, draws them, and copies them. Only on the GUI thread."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QPainterPath, QPixmap

from engine.messages import Image


def to_qimage(image: Image) -> QImage:
    """Converts `image` [H, W, 3] to a 32-bit QImage that shares no memory with it."""
    height, width = image.shape[:2]
    wrapped = QImage(image.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return wrapped.convertToFormat(QImage.Format.Format_RGB32)


def to_pixmap(image: Image, side: float, ratio: float = 1.0) -> QPixmap:
    """Scales `image` [H, W, 3] so that its longer side is `side` logical pixels, at a device pixel
    ratio of `ratio`.

    Only on the GUI thread.
    """
    pixels = max(round(side * ratio), 1)
    scaled = to_qimage(image).scaled(
        pixels,
        pixels,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    pixmap = QPixmap.fromImage(scaled)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def empty_pixmap(size: QSize, ratio: float = 1.0) -> QPixmap:
    """Returns a transparent pixmap of `size` logical pixels to paint on."""
    pixmap = QPixmap(size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap


def read_pixmap(path: Path) -> QPixmap:
    """Reads a picture that the program has written. A pixmap without pixels is returned if it
    cannot be read."""
    return QPixmap(str(path))


def copy_to_clipboard(image: Image) -> None:
    """Copies `image` [H, W, 3] to the clipboard."""
    QGuiApplication.clipboard().setImage(to_qimage(image))


def draw_rounded(painter: QPainter, target: QRectF, pixmap: QPixmap, radius: float) -> None:
    """Draws the middle of `pixmap` so that it fills `target`, with rounded corners."""
    whole = QRectF(pixmap.rect())
    scale = min(whole.width() / target.width(), whole.height() / target.height())
    source = QRectF(0, 0, target.width() * scale, target.height() * scale)
    source.moveCenter(whole.center())
    clip = QPainterPath()
    clip.addRoundedRect(target, radius, radius)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setClipPath(clip, Qt.ClipOperation.IntersectClip)
    painter.drawPixmap(target, pixmap, source)
    painter.restore()
