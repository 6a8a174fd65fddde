"""The exports that are not made of frames alone: tables, curves, the plane, the paper figure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QWidget

from engine.export.contract import formats
from engine.measuring.table_files import write_table
from gui.export.export_plan import ExportKind
from gui.export.paper_figure import FigureParts, write_figure
from gui.export.plot_files import write_pdf, write_png, write_svg
from gui.measures.measure_columns import measure_columns
from gui.state.explorer_state import ExplorerState

#: The kind that the command "Figure for a paper" chooses.
FIGURE_KIND = "figure-pdf"


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

    kinds = [
        ExportKind("table", "Measures as a table, CSV", ".csv", write=table),
        ExportKind("table-json", "Measures as a table, JSON", ".json", write=table),
    ]
    for form, write in (("PNG", write_png), ("SVG", write_svg), ("PDF", write_pdf)):
        end = form.lower()
        kinds += [
            ExportKind(
                f"curves-{end}",
                f"Measures as curves, {form}",
                f".measures.{end}",
                write=partial(curves, write),
            ),
            ExportKind(
                f"plot-{end}", f"Trajectory, {form}", f".plot.{end}", write=partial(write, plane)
            ),
        ]
    return tuple(kinds)


def figure_kinds(parts: FigureParts) -> tuple[ExportKind, ...]:
    """Returns the kinds of the figure for a paper, with the frames of a contact sheet."""
    return tuple(
        ExportKind(
            f"figure-{form.lower()}",
            f"Figure for a paper, {form}",
            f".figure.{form.lower()}",
            format=formats.get("sheet"),
            finish=partial(write_figure, parts),
        )
        for form in ("PDF", "SVG", "PNG")
    )
