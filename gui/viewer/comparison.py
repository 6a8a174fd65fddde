"""The menu of the methods that are compared."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QMenu

from engine.methods.contract import methods
from gui.state.explorer_state import ExplorerState
from gui.state.viewing import compared_names, toggle_method


def list_methods(state: ExplorerState, menu: QMenu) -> None:
    """Fill the menu with all methods, a tick at each that is compared. A click adds or removes."""
    menu.clear()
    for name in methods.names():
        action = menu.addAction(methods.get(name).label, partial(_toggle, state, menu, name))
        action.setCheckable(True)
        action.setData(name)
    _show_ticks(state, menu)


def _toggle(state: ExplorerState, menu: QMenu, name: str) -> None:
    toggle_method(state, name)
    _show_ticks(state, menu)  # the menu is still open, and at least two methods stay ticked


def _show_ticks(state: ExplorerState, menu: QMenu) -> None:
    for action in menu.actions():
        action.setChecked(action.data() in compared_names(state))
