"""The measures of all frames as columns of a table."""

from __future__ import annotations

import numpy as np

from engine.measuring.score_table import table_columns
from engine.measuring.table_files import Columns
from gui.measures.measure_values import offered, values_of
from gui.state.explorer_state import ExplorerState


def measure_columns(state: ExplorerState) -> Columns:
    """Returns the frames and summaries of each lane, as the command `score` writes them."""
    lanes = [results.lane for results in state.results.lanes]
    values = {o.name: [values_of(state, o, k) for k in range(len(lanes))] for o in offered()}
    known = {n: v for n, v in values.items() if any(np.isfinite(lane).any() for lane in v)}
    return table_columns(lanes, known, state.results.scoring_text)
