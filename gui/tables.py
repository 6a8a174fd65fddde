"""The measures of all frames as columns of a table."""

from __future__ import annotations

from engine.export.tables import Columns
from gui.measures import offered, times_of, values_of
from gui.state import ExplorerState


def measure_columns(state: ExplorerState) -> Columns:
    """One row a frame: its number and time, then each known measure of each lane."""
    lanes = state.results.lanes
    if not lanes:
        return {"frame": [], "time": []}
    columns: dict[str, list[int] | list[float]] = {
        "frame": list(range(state.frame_count)),
        "time": times_of(lanes[0].lane.walk)[: state.frame_count].tolist(),
    }
    for measure in offered():
        for number, lane in enumerate(lanes):
            values = values_of(state, measure, number)
            if len(values) == state.frame_count and not all(values != values):
                columns[f"{measure.name} {lane.lane.title}"] = values.tolist()
    return columns
