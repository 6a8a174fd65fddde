"""The menu of the row of prompts: how two prompts are blended, and the way to their fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtWidgets import QMenu

from engine.walk import MethodChoice
from gui.state.explorer_state import ExplorerState
from gui.state.walk_edits import with_method
from gui.widgets.text_format import keyframe_letter

#: The ways to blend two prompts, by the value of the methods' parameter `prompts`.
BLENDS = {"linear": "linear", "slerp": "slerp of each token"}
#: Start of the names of the methods that change prompts only, one for each way.
PROMPTS_ONLY = "prompt-"


def fill_prompt_menu(
    menu: QMenu, state: ExplorerState, place: int, edit: Callable[[int], None]
) -> None:
    """Add the actions for the frame at `place`: `edit` takes the number of a keyframe."""
    walk = state.exploration.walk
    segment, _ = walk.locate(walk.time_of(place))
    ends = segment, walk.end_of(segment)
    for number in ends:
        action = menu.addAction(f"Edit prompt {keyframe_letter(number)}")
        action.triggered.connect(lambda _=False, number=number: edit(number))
    if walk.keyframes[ends[0]].prompt == walk.keyframes[ends[1]].prompt:
        return
    first, last = (keyframe_letter(number) for number in ends)
    menu.addSection(f"Prompts from {first} to {last}")
    now = walk.method_of(segment)
    for value, text in BLENDS.items():
        choice = with_blend(now, value)
        action = menu.addAction(f"Blend: {text}")
        action.setCheckable(True)
        action.setChecked(value == _blend_of(now))
        action.triggered.connect(lambda _=False, choice=choice: _put(state, choice, segment))


def with_blend(choice: MethodChoice, blend: str) -> MethodChoice:
    """Returns the method with another way to blend prompts. Of methods for prompts only, there is
    one for each way."""
    if choice.name.startswith(PROMPTS_ONLY):
        return MethodChoice(f"{PROMPTS_ONLY}{blend}")
    params = {name: value for name, value in choice.params if name != "prompts"}
    if blend != "linear":
        params["prompts"] = blend
    return MethodChoice(choice.name, tuple(sorted(params.items())))


def _blend_of(choice: MethodChoice) -> str:
    if choice.name.startswith(PROMPTS_ONLY):
        return choice.name.removeprefix(PROMPTS_ONLY)
    return str(dict(choice.params).get("prompts", "linear"))


def _put(state: ExplorerState, choice: MethodChoice, segment: int) -> None:
    walk = with_method(state.exploration.walk, choice, segment)
    state.edit(replace(state.exploration, walk=walk), "Blend of prompts")
