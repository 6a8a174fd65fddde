"""The summary table: a row for each lane, a column for each summary of the shown measures."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from engine.measuring.score_table import ScoreTable, score_table
from gui.measures.measure_values import Offer, values_of
from gui.state.explorer_state import ExplorerState
from gui.widgets.theme import Theme


def summary_of(state: ExplorerState, offers: Sequence[Offer]) -> ScoreTable:
    """Returns the table that the command `score` prints, from the values known so far."""
    lanes = state.results.lanes
    values = {o.name: [values_of(state, o, lane) for lane in range(len(lanes))] for o in offers}
    turns = {k: x.path.turns for k, x in enumerate(lanes) if x.path is not None and x.path.turns}
    titled = [results.lane for results in lanes]
    return score_table(titled, values, state.results.scoring_text, turns)


def summary_html(table: ScoreTable, state: ExplorerState, theme: Theme) -> str:
    """Returns the table as HTML, each lane in its method's colour."""
    lines = [f"<tr style='color:{theme.faint}'><td></td>{_cells(table.columns)}</tr>"]
    for results, row in zip(state.results.lanes, table.rows, strict=True):
        ink = theme.method_ink(results.lane.walk.method_of(0).name)
        name = f"<td style='color:{ink}; padding:2px 0'><b>{escape(row.title)}</b></td>"
        lines.append(f"<tr>{name}{_cells([str(cell) for cell in row.cells])}</tr>")
    return f"<table cellspacing=0 style='color:{theme.text}'>{''.join(lines)}</table>"


def _cells(texts: Sequence[str]) -> str:
    return "".join(f"<td align=right style='padding:2px 8px'>{escape(t)}</td>" for t in texts)
