"""The menu of the row of prompts: ways to blend them, and prompts with times of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from PySide6.QtWidgets import QMenu

from engine.timing import EASINGS
from engine.tracks.edits import with_key, with_key_added, with_key_removed, with_own_times
from engine.tracks.prompts import way_at
from engine.walk import MethodChoice, Walk
from gui.state.explorer_state import ExplorerState
from gui.state.walk_edits import with_method
from gui.widgets.text_format import EASING_TEXTS, keyframe_letter

#: The ways to blend two prompts, by the value of the methods' parameter `prompts`.
BLENDS = {"linear": "linear", "slerp": "slerp of each token"}
#: Shares of the way for which the first prompt stays, to choose from.
HOLDS = (0.0, 0.1, 0.25, 0.5)
#: Start of the names of the methods that change prompts only, one for each way.
PROMPTS_ONLY = "prompt-"


def fill_prompt_menu(
    menu: QMenu,
    state: ExplorerState,
    index: int,
    number: int | None,
    edit: Callable[[int], None],
) -> None:
    """Add the actions for frame `index`. `number` is that of the nearest prompt: of its keyframe,
    or of its key on a track. `edit` takes such a number."""
    walk = state.exploration.walk
    if walk.prompts and number is not None:
        _fill_key(menu, state, index, number, edit)
    else:
        _fill_segment(menu, state, index, edit)
    menu.addSeparator()
    own = menu.addAction("Prompts with own times")
    own.setCheckable(True)
    own.setChecked(bool(walk.prompts))
    own.triggered.connect(lambda on: _put(state, with_own_times(walk, on), "Times of prompts"))


def _fill_segment(
    menu: QMenu, state: ExplorerState, index: int, edit: Callable[[int], None]
) -> None:
    """Add the actions for the prompts of two keyframes."""
    walk = state.exploration.walk
    segment, _ = walk.locate(walk.time_of(index))
    ends = segment, walk.end_of(segment)
    for number in ends:
        action = menu.addAction(f"Edit prompt {keyframe_letter(number)}")
        action.triggered.connect(lambda _=False, number=number: edit(number))
    now = walk.method_of(segment)
    same = walk.keyframes[ends[0]].prompt == walk.keyframes[ends[1]].prompt
    if same or _blend_of(now) not in BLENDS:  # a method may have one way of its own
        return
    first, last = (keyframe_letter(number) for number in ends)
    menu.addSection(f"Prompts from {first} to {last}")
    walks = (with_method(walk, with_blend(now, value), segment) for value in BLENDS)
    texts = (f"Blend: {text}" for text in BLENDS.values())
    chosen = list(BLENDS).index(_blend_of(now))
    _add_choices(menu, state, zip(texts, walks, strict=True), chosen, "Blend of prompts")


def _fill_key(
    menu: QMenu, state: ExplorerState, index: int, number: int, edit: Callable[[int], None]
) -> None:
    """Add the actions for a prompt with a time of its own."""
    walk = state.exploration.walk
    menu.addAction("Edit prompt…", lambda: edit(number))
    added, removed = with_key_added(walk, walk.time_of(index)), with_key_removed(walk, number)
    add = menu.addAction("Add a prompt here", lambda: _put(state, added, "Add prompt"))
    add.setEnabled(len(added.prompts) > len(walk.prompts))
    menu.addAction("Remove prompt", lambda: _put(state, removed, "Remove prompt"))
    way = way_at(walk, walk.time_of(index))
    if way is not None:
        _fill_way(menu, state, way)


def _fill_way(menu: QMenu, state: ExplorerState, number: int) -> None:
    """Add the blends and easings of the way from a prompt with an own time to the next one."""
    walk, key = state.exploration.walk, state.exploration.walk.prompts[number]
    menu.addSection("From this prompt to the next")
    walks = [with_key(walk, number, blend=value) for value in BLENDS]
    texts = [f"Blend: {text}" for text in BLENDS.values()]
    chosen = list(BLENDS).index(key.blend)
    _add_choices(menu, state, zip(texts, walks, strict=True), chosen, "Blend of prompts")
    menu.addSeparator()
    paces = [replace(key.pace, easing=easing) for easing in EASINGS.values()]
    eased = [with_key(walk, number, pace=pace) for pace in paces]
    known = list(EASINGS.values())
    chosen = known.index(key.pace.easing) if key.pace.easing in known else -1
    choices = zip((EASING_TEXTS[name] for name in EASINGS), eased, strict=True)
    _add_choices(menu, state, choices, chosen, "Easing of prompts")
    menu.addSeparator()
    holds = sorted({*HOLDS, key.pace.hold})
    held = [with_key(walk, number, pace=replace(key.pace, hold=hold)) for hold in holds]
    texts = [f"Hold for {hold:.0%} of the way" if hold else "No hold" for hold in holds]
    choices = zip(texts, held, strict=True)
    _add_choices(menu, state, choices, holds.index(key.pace.hold), "Hold of prompts")


def _add_choices(
    menu: QMenu, state: ExplorerState, walks: Iterable[tuple[str, Walk]], chosen: int, label: str
) -> None:
    """Add an action for each walk, with a tick at the one that is chosen."""
    for place, (text, walk) in enumerate(walks):
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(place == chosen)
        action.triggered.connect(lambda _=False, walk=walk: _put(state, walk, label))


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


def _put(state: ExplorerState, walk: Walk, label: str) -> None:
    state.edit(replace(state.exploration, walk=walk), label)
