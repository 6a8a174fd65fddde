"""The figure for a paper: sheet, plane, curves and table of a walk on one light page."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, QTemporaryDir
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.atomic import numbered_paths
from engine.errors import InputError
from engine.export.session_beside import is_session_free, save_beside
from engine.walk import Exploration
from gui.export.export_plan import Wishes
from gui.export.plot_files import write_pdf, write_png, write_svg
from gui.widgets.plain_text import PlainLabel
from gui.widgets.qt_images import read_pixmap
from gui.widgets.theme import UNIT, paper_theme

#: Width of the page and height of the plane, in pixels.
PAGE_WIDTH, PLANE_HEIGHT = 960, 420
WRITERS = {".pdf": write_pdf, ".svg": write_svg, ".png": write_png}


@dataclass(frozen=True, slots=True)
class FigureParts:
    """Makes the parts of the page that are widgets, on a light ground: the plane, and the curves
    with their table. The curves are None if no measure is shown."""

    plane: Callable[[], QWidget]
    curves: Callable[[], QWidget | None]


def write_figure(parts: FigureParts, sheet: Path, text: str, path: Path) -> None:
    """Writes the figure to `path`, a PDF, SVG or PNG by its suffix. `sheet` is a PNG of the frames
    and `text` describes them. Raises InputError and WriteError."""
    page = figure_page(parts, sheet, text)
    try:
        WRITERS[path.suffix](page, path)
    finally:
        page.deleteLater()


def figure_page(parts: FigureParts, sheet: Path, text: str) -> QWidget:
    """Returns the page as a widget that is not shown. Raises InputError without a sheet."""
    page, theme = QWidget(), paper_theme()
    page.setAccessibleName("Figure of a walk")
    page.setStyleSheet(f"background: {theme.background}; color: {theme.text}")
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 2 * UNIT)
    layout.setSpacing(2 * UNIT)
    layout.addWidget(_picture(sheet))
    plane, curves = parts.plane(), parts.curves()
    plane.setFixedHeight(PLANE_HEIGHT)
    layout.addWidget(plane)
    if curves is not None:
        curves.setFixedHeight(curves.height())
        layout.addWidget(curves)
    layout.addWidget(_caption(text))
    page.setFixedWidth(PAGE_WIDTH)
    page.resize(PAGE_WIDTH, layout.totalHeightForWidth(PAGE_WIDTH))
    # A plot scales itself to its size only once it is shown.
    page.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    page.show()
    return page


def _picture(sheet: Path) -> QWidget:
    """The sheet at the width of the page. PDF and PNG keep its own resolution up to their own."""
    picture = read_pixmap(sheet)
    if picture.isNull():
        raise InputError("There are no frames to show; generate the walk first.")
    label = PlainLabel()
    label.setScaledContents(True)
    label.setPixmap(picture)
    label.setFixedSize(PAGE_WIDTH, max(round(PAGE_WIDTH * picture.height() / picture.width()), 1))
    return label


def _caption(text: str) -> QWidget:
    label = PlainLabel(text)
    label.setWordWrap(True)
    label.setFont(paper_theme().font(0.82))
    label.setContentsMargins(2 * UNIT, 0, 2 * UNIT, 0)
    return label


class FigureFile:
    """A file that is made of exported frames. Until then, they are in a temporary folder, which is
    removed with this object.

    `text` describes the frames. `exploration` is saved as a session next to the file, unless None.
    """

    def __init__(self, wishes: Wishes, text: str, exploration: Exploration | None) -> None:
        self._wishes, self._text, self._exploration = wishes, text, exploration
        self._folder = QTemporaryDir()

    @property
    def frames(self) -> Path:
        """The path for the frames, in the format of the kind."""
        format_ = self._wishes.kind.format
        return Path(self._folder.filePath("frames")).with_suffix(format_.suffix if format_ else "")

    def make(self) -> Path:
        """Writes the file and returns its path. Raises InputError and WriteError."""
        path = next(filter(self._is_free, numbered_paths(self._wishes.path)))
        finish = self._wishes.kind.finish
        assert finish is not None
        finish(self.frames, self._text, path)
        if self._exploration is not None:
            save_beside(path, path.suffix, self._exploration)
        return path

    def _is_free(self, path: Path) -> bool:
        session = self._exploration
        beside = session is None or is_session_free(path, path.suffix, session)
        return beside and not os.path.lexists(path)
