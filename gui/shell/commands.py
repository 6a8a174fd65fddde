"""Connects the actions to the walk, its playback and the viewer, and keeps their ticks correct."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject
from PySide6.QtGui import QActionGroup

from engine.tracks.edits import with_own_times
from engine.view import Loop, ViewMode
from gui.shell.actions import Actions
from gui.state.explorer_state import ExplorerState
from gui.state.playback import Player
from gui.state.viewing import show_mode, show_next_lane
from gui.state.walk_edits import (
    DRAFT,
    NORMAL,
    PAPER,
    PAPER_SETTINGS,
    at_quality,
    looped,
    quality_of,
    reversed_walk,
)
from gui.state.walk_timing import spread_evenly
from gui.viewer.frame_view import FrameView
from gui.walk.walk_panel import WalkPanel

MODES = {mode.value: mode for mode in ViewMode}
QUALITIES = {"draft": DRAFT, "normal": NORMAL, "paper": PAPER}


class Commands(QObject):
    """Connects actions to the state, the player and the views. Updates the ticks of checkable
    actions and the texts of Undo and Redo. `MainWindow` connects the actions of the whole window.
    """

    def __init__(
        self,
        state: ExplorerState,
        actions: Actions,
        player: Player,
        walk: WalkPanel,
        view: FrameView,
    ) -> None:
        super().__init__(actions)
        self._state, self._actions, self._player = state, actions, player
        self._view = view
        for names in (MODES, QUALITIES):
            group = QActionGroup(self)
            group.setExclusionPolicy(QActionGroup.ExclusionPolicy.ExclusiveOptional)
            for name in names:
                group.addAction(actions[name])
        self._bind_walk(walk)
        self._bind_playback()
        self._bind_view()
        self._follow_state()

    # ── functions of actions ───────────────────────────────────────────────────────────────────

    def _bind_walk(self, walk: WalkPanel) -> None:
        state = self._state
        self._actions.bind(
            {
                "undo": state.history.undo,
                "redo": state.history.redo,
                "generate": state.generate,
                "cancel": state.cancel,
                "finish": state.finish,
                "pause": state.pause,
                "auto": state.set_auto,
                "add_keyframe": walk.add_keyframe,
                "reseed": walk.reseed,
                "reverse": self._reverse,
                "closed": self._set_loop,
                "spread": self._spread,
                "own_times": self._set_own_times,
                **{name: self._quality_setter(name) for name in QUALITIES},
            }
        )

    def _bind_playback(self) -> None:
        player = self._player
        self._actions.bind(
            {
                "play": player.toggle,
                "backwards": lambda: player.shuttle(-1),
                "hold": player.pause,
                "forwards": lambda: player.shuttle(1),
                "previous": lambda: player.step(-1),
                "next": lambda: player.step(1),
                "back_ten": lambda: player.step(-10),
                "forward_ten": lambda: player.step(10),
                "first": player.go_first,
                "last": player.go_last,
                "previous_keyframe": lambda: player.go_keyframe(-1),
                "next_keyframe": lambda: player.go_keyframe(1),
                "range_start": player.mark_in,
                "range_end": player.mark_out,
                "clear_range": player.clear_range,
                "loop": self._next_loop,
            }
        )

    def _bind_view(self) -> None:
        self._actions.bind(
            {
                "copy": self._view.copy,
                "lane": lambda: show_next_lane(self._state),
                "crisp": lambda crisp: self._state.set_view(crisp=crisp),
                **{name: self._mode_setter(mode) for name, mode in MODES.items()},
            }
        )

    def _reverse(self) -> None:
        exploration = self._state.exploration
        self._state.edit(replace(exploration, walk=reversed_walk(exploration.walk)), "Reverse walk")

    def _set_loop(self, loop: bool) -> None:
        self._state.edit(looped(self._state.exploration, loop), "Loop" if loop else "No loop")

    def _set_own_times(self, own: bool) -> None:
        exploration = self._state.exploration
        walk = with_own_times(exploration.walk, own)
        self._state.edit(replace(exploration, walk=walk), "Times of prompts")

    def _spread(self) -> None:
        exploration = self._state.exploration
        walk = spread_evenly(exploration.walk)
        self._state.edit(replace(exploration, walk=walk), "Spread evenly")

    def _mode_setter(self, mode: ViewMode) -> Callable[[bool], None]:
        return lambda _checked: self._set_mode(mode)

    def _set_mode(self, mode: ViewMode) -> None:
        show_mode(self._state, mode)
        self._show_view()  # a click on the current mode must not untick it

    def _quality_setter(self, name: str) -> Callable[[bool], None]:
        return lambda _checked: self._set_quality(QUALITIES[name])

    def _set_quality(self, quality: str) -> None:
        state = self._state
        sampling = at_quality(state.exploration.sampling, quality, state.recommended)
        state.edit(replace(state.exploration, sampling=sampling), f"{quality} quality")
        self._show_quality()

    def _next_loop(self) -> None:
        modes = list(Loop)
        self._player.set_loop(modes[(modes.index(self._player.loop) + 1) % len(modes)])

    # ── ticks and texts ──────────────────────────────────────────────────────────────────────

    def _follow_state(self) -> None:
        state, auto = self._state, self._actions["auto"]
        state.auto_changed.connect(auto.setChecked)
        state.history.changed.connect(self._show_history)
        state.exploration_changed.connect(self._show_walk)
        state.model_changed.connect(self._show_quality)
        state.view_changed.connect(self._show_view)
        auto.setChecked(state.auto)
        self._show_view()
        self._show_walk()
        self._show_history()

    def _show_history(self) -> None:
        history = self._state.history
        for name, label in (("undo", history.undo_label), ("redo", history.redo_label)):
            action = self._actions[name]
            action.setEnabled(bool(label))
            action.setText(f"&{name.capitalize()} {label}".strip())

    def _show_walk(self) -> None:
        self._actions["closed"].setChecked(self._state.exploration.walk.loop)
        self._actions["own_times"].setChecked(bool(self._state.exploration.walk.prompts))
        self._show_quality()

    def _show_quality(self) -> None:
        quality = quality_of(self._state.exploration.sampling, self._state.recommended)
        for name, title in QUALITIES.items():
            self._actions[name].setChecked(title == quality)
        model = self._state.model
        self._actions["paper"].setEnabled(model is None or PAPER_SETTINGS[-1] in model.solvers)

    def _show_view(self) -> None:
        for name, mode in MODES.items():
            self._actions[name].setChecked(mode is self._state.exploration.mode)
        self._actions["crisp"].setChecked(self._state.view.crisp)
