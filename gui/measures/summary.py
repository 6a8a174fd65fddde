"""The summary table: a row for each lane, a column for each summary of the shown measures."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from engine.measuring.score_table import ScoreTable, certificates, score_table
from gui.measures.measure_values import Offer, offered, values_of
from gui.state.explorer_state import ExplorerState
from gui.widgets.theme import Theme

STEPS = "step_length"


def summary_of(state: ExplorerState, offers: Sequence[Offer]) -> ScoreTable:
    """Returns the table that the command `score` prints, from the values known so far."""
    lanes = state.results.lanes
    values = {o.name: [values_of(state, o, lane) for lane in range(len(lanes))] for o in offers}
    titled = [results.lane for results in lanes]
    return score_table(titled, values, state.results.scoring_text, *_geometry(state))


def certificates_of(state: ExplorerState) -> tuple[dict[str, float], ...]:
    """Returns the certificate of each lane as numbers, if all steps between its frames are
    measured; {} for other lanes."""
    lanes = range(len(state.results.lanes))
    steps = [state.results.measured(lane, STEPS) for lane in lanes]
    std = next(offer for offer in offered() if offer.stat == "std")
    values = {STEPS: steps, std.name: [values_of(state, std, lane) for lane in lanes]}
    made = certificates(values, len(lanes), *_geometry(state))
    between = (state.results.steps(lane, STEPS) for lane in lanes)
    complete = (each.size > 0 and bool(np.isfinite(each).all()) for each in between)
    return tuple(c.numbers() if all_ else {} for c, all_ in zip(made, complete, strict=True))


def _geometry(state: ExplorerState) -> tuple[dict[int, tuple[float, ...]], dict[int, float]]:
    """Returns the turns and the seams of the lanes that have them."""
    paths = {k: x.path for k, x in enumerate(state.results.lanes) if x.path is not None}
    turns = {k: path.turns for k, path in paths.items() if path.turns}
    return turns, {k: path.seam for k, path in paths.items() if path.seam is not None}


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
