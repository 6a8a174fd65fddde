"""Whole walks in numbers: a row for each lane, a column for each summary of the shown measures."""

from __future__ import annotations

from html import escape

import numpy as np

from engine.metrics.contract import Summary, make_measure
from gui.measures import Offer, Values, values_of
from gui.state import ExplorerState
from gui.theme import Theme


def summary_rows(
    state: ExplorerState, offers: list[Offer]
) -> tuple[list[str], list[tuple[str, str, list[str]]]]:
    """The columns' titles, and for each lane its title, its method and the texts of its cells.

    Frames whose value is not known yet are left out of a summary.
    """
    summaries = [(o, s) for o in offers for s in make_measure(o.name).summaries]
    rows = []
    for lane, results in enumerate(state.results.lanes):
        cells = [_cell(values_of(state, offer, lane), summary) for offer, summary in summaries]
        rows.append((results.lane.title, results.lane.walk.method_of(0).name, cells))
    return [summary.label for _, summary in summaries], rows


def _cell(values: Values, summary: Summary) -> str:
    known = values[np.isfinite(values)]
    if not known.size:
        return "–"
    text = f"{summary.of(known):.4g}"
    return f"{text} ± {known.std():.2g}" if summary.spread else text


def summary_html(state: ExplorerState, offers: list[Offer], theme: Theme) -> str:
    """The rows as a table to be read, selected and copied."""
    titles, rows = summary_rows(state, offers)
    head = "".join(f"<td align=right style='padding:2px 8px'>{escape(t)}</td>" for t in titles)
    lines = [f"<tr style='color:{theme.faint}'><td></td>{head}</tr>"]
    for title, method, cells in rows:
        look = f"color:{theme.method_ink(method)}; padding:2px 0"
        name = f"<td style='{look}'><b>{escape(title)}</b></td>"
        row = "".join(f"<td align=right style='padding:2px 8px'>{escape(c)}</td>" for c in cells)
        lines.append(f"<tr>{name}{row}</tr>")
    return f"<table cellspacing=0 style='color:{theme.text}'>{''.join(lines)}</table>"
