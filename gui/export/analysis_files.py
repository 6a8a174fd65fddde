"""The exports that are not made of frames: tables, curves, and the trajectory plot."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QWidget

from engine.measuring.table_files import write_table
from gui.export.export_plan import ExportKind
from gui.export.plot_files import write_png, write_svg
from gui.measures.measure_columns import measure_columns
from gui.state.explorer_state import ExplorerState


def analysis_kinds(
    state: ExplorerState, plane: QWidget, figure: Callable[[], QWidget]
) -> tuple[ExportKind, ...]:
    """Returns the export kinds of the measures and of the `plane`. `figure` makes the figure of the
    curves. Their writers raise InputError and WriteError."""

    def table(path: Path) -> None:
        write_table(path, measure_columns(state))

    def curves(write: Callable[[QWidget, Path], None], path: Path) -> None:
        paper = figure()
        try:
            write(paper, path)
        finally:
            paper.deleteLater()

    as_png, as_svg = partial(curves, write_png), partial(curves, write_svg)
    kinds = (
        ("table", "Measures as a table, CSV", ".csv", table),
        ("table-json", "Measures as a table, JSON", ".json", table),
        ("curves", "Measures as curves, PNG", ".measures.png", as_png),
        ("curves-svg", "Measures as curves, SVG", ".measures.svg", as_svg),
        ("plot", "Trajectory, PNG", ".plot.png", partial(write_png, plane)),
        ("plot-svg", "Trajectory, SVG", ".plot.svg", partial(write_svg, plane)),
    )
    return tuple(
        ExportKind(name, label, suffix, write=write) for name, label, suffix, write in kinds
    )
