"""Arrays as Qt's pictures: conversion, small pixmaps in bounded memory, and the clipboard."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QPainterPath, QPixmap

from engine.messages import Image
from gui.state.explorer_state import ExplorerState

#: One small picture of 64 px is 16 KiB, or 64 KiB at scale 2: at most 32 MiB in all.
CAPACITY = 512


def to_qimage(image: Image) -> QImage:
    """`image` [H, W, 3] as a 32-bit picture that shares no memory with it."""
    height, width = image.shape[:2]
    wrapped = QImage(image.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return wrapped.convertToFormat(QImage.Format.Format_RGB32)


def to_pixmap(image: Image, side: float, ratio: float = 1.0) -> QPixmap:
    """`image` [H, W, 3] with its longer side `side` logical pixels, at a device ratio of `ratio`.

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


def copy_to_clipboard(image: Image) -> None:
    """Put `image` [H, W, 3] on the clipboard, for any program to paste."""
    QGuiApplication.clipboard().setImage(to_qimage(image))


def draw_rounded(painter: QPainter, target: QRectF, pixmap: QPixmap, radius: float) -> None:
    """Draw the middle of `pixmap` so that it fills `target`, with rounded corners."""
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


class Thumbnails(QObject):
    """Owns the small pictures of the newest job's frames, at most CAPACITY of them.

    Finished frames are remembered by their key in the store, and so outlive the job that made
    them; previews are forgotten as soon as a better picture arrives.

    Signals: changed(lane, index), a frame has another picture; cleared.
    """

    changed = Signal(int, int)
    cleared = Signal()

    def __init__(self, state: ExplorerState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._pixmaps: OrderedDict[tuple[object, int], QPixmap] = OrderedDict()
        state.frame_changed.connect(self._forget)
        state.results_reset.connect(self._reset)

    def get(self, lane: int, index: int, side: float, ratio: float = 1.0) -> QPixmap | None:
        """The picture of exactly this frame, made if need be, or None if there is none yet."""
        identity = self._identity(lane, index)
        key = (identity, round(side * ratio))
        pixmap = self._pixmaps.get(key)
        if pixmap is None:
            image = self._state.results.image(lane, index)
            if image is None:
                return None
            pixmap = self._pixmaps[key] = to_pixmap(image, side, ratio)
            if len(self._pixmaps) > CAPACITY:
                self._pixmaps.popitem(last=False)
        self._pixmaps.move_to_end(key)
        return pixmap

    def has(self, lane: int, index: int, side: float, ratio: float = 1.0) -> bool:
        """Whether `get` would answer at once."""
        return (self._identity(lane, index), round(side * ratio)) in self._pixmaps

    def _identity(self, lane: int, index: int) -> object:
        lanes = self._state.results.lanes
        key = lanes[lane].keys.get(index) if lane < len(lanes) else None
        return key or (lane, index)

    def _forget(self, lane: int, index: int) -> None:
        self._drop({(lane, index)})
        self.changed.emit(lane, index)

    def _reset(self) -> None:
        self._drop({identity for identity, _ in self._pixmaps if isinstance(identity, tuple)})
        self.cleared.emit()

    def _drop(self, identities: set[object]) -> None:
        for key in [key for key in self._pixmaps if key[0] in identities]:
            del self._pixmaps[key]
