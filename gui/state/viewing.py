"""Functions that change the view and the compared methods."""

from __future__ import annotations

from dataclasses import replace

from engine.view import ViewMode
from gui.state.explorer_state import ExplorerState
from gui.state.walk_edits import compared, toggled

#: The methods that are compared by default: those of the article.
ARTICLE = ("linear", "normalized", "slerp")


def compared_names(state: ExplorerState) -> tuple[str, ...]:
    """Returns the compared methods, or those that a comparison would show."""
    return tuple(choice.name for choice in state.exploration.compare) or ARTICLE


def show_mode(state: ExplorerState, mode: ViewMode) -> None:
    """Sets the view mode. If there is nothing to compare yet, a comparing mode compares the
    article's methods. Nothing else of the exploration changes."""
    exploration = state.exploration
    side_by_side = mode in (ViewMode.COMPARE, ViewMode.DIFFERENCE)
    if side_by_side and not (exploration.compare or exploration.rows):
        exploration = compared(exploration, ARTICLE)
    view = replace(exploration.view, mode=mode)
    state.edit(replace(exploration, view=view), "Compare methods")


def toggle_method(state: ExplorerState, name: str) -> None:
    """Adds or removes a method, and shows the comparison. At least two methods stay."""
    exploration = toggled(compared(state.exploration, compared_names(state)), name)
    if exploration.mode is ViewMode.SINGLE:
        exploration = replace(exploration, view=replace(exploration.view, mode=ViewMode.COMPARE))
    state.edit(exploration, "Compare methods")


def show_lane(state: ExplorerState, lane: int) -> None:
    """Sets the lane that is shown alone and that differences are taken from."""
    last = max(len(state.results.lanes) - 1, 0)
    state.set_view(lane=min(max(lane, 0), last))


def show_next_lane(state: ExplorerState) -> None:
    """Sets the lane in focus to the next one; after the last, to the first."""
    if len(state.results.lanes) > 1:
        show_lane(state, (state.lane + 1) % len(state.results.lanes))
