"""What is exported that is not made of frames: measures as a table or as curves, and the plane."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QWidget

from engine.measuring.table_files import write_table
from gui.export.export_plan import Kind, Writer
from gui.export.plot_files import write_png, write_svg
from gui.measures.measure_columns import measure_columns
from gui.state.explorer_state import ExplorerState


def analysis_writers(
    state: ExplorerState, plane: QWidget, figure: Callable[[], QWidget]
) -> dict[Kind, Writer]:
    """What writes the state's measures, the plane as it is seen, and a `figure` that is made for
    it. All of them raise InputError and WriteError."""

    def table(path: Path) -> None:
        write_table(path, measure_columns(state))

    def curves(write: Callable[[QWidget, Path], None], path: Path) -> None:
        paper = figure()
        write(paper, path)
        paper.deleteLater()

    return {
        Kind.TABLE: table,
        Kind.TABLE_JSON: table,
        Kind.CURVES: partial(curves, write_png),
        Kind.CURVES_SVG: partial(curves, write_svg),
        Kind.PLOT: partial(write_png, plane),
        Kind.PLOT_SVG: partial(write_svg, plane),
    }
