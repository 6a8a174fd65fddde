"""Verbs that change how the walk is looked at, and what is compared."""

from __future__ import annotations

from dataclasses import replace

from engine.view import ViewMode
from gui.state.explorer_state import ExplorerState
from gui.state.walk_edits import compared, toggled

#: What is compared until a person chooses: the article's methods.
ARTICLE = ("linear", "normalized", "slerp")


def compared_names(state: ExplorerState) -> tuple[str, ...]:
    """The methods that are compared, or would be."""
    return tuple(choice.name for choice in state.exploration.compare) or ARTICLE


def show_mode(state: ExplorerState, mode: ViewMode) -> None:
    """Look at the walk in this mode. Where there is nothing to compare yet, the article's methods
    are; nothing else of the exploration changes."""
    exploration = state.exploration
    side_by_side = mode in (ViewMode.COMPARE, ViewMode.DIFFERENCE)
    if side_by_side and not (exploration.compare or exploration.rows):
        exploration = compared(exploration, ARTICLE)
    view = replace(exploration.view, mode=mode)
    state.edit(replace(exploration, view=view), "Compare methods")


def toggle_method(state: ExplorerState, name: str) -> None:
    """Take a method into the comparison, or out of it, and show it; two of them always stay."""
    exploration = toggled(compared(state.exploration, compared_names(state)), name)
    if exploration.mode is ViewMode.SINGLE:
        exploration = replace(exploration, view=replace(exploration.view, mode=ViewMode.COMPARE))
    state.edit(exploration, "Compare methods")


def show_lane(state: ExplorerState, lane: int) -> None:
    """The lane that is shown alone, and that differences are taken from."""
    last = max(len(state.results.lanes) - 1, 0)
    state.set_view(lane=min(max(lane, 0), last))


def show_next_lane(state: ExplorerState) -> None:
    """The next of the compared methods, and after the last the first again."""
    if len(state.results.lanes) > 1:
        show_lane(state, (state.lane + 1) % len(state.results.lanes))
