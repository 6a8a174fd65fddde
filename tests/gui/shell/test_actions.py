"""The table of actions: names and keys are unique."""

from __future__ import annotations

from gui.shell.actions import MENUS, TABLE


def test_no_two_actions_have_one_key() -> None:
    keys = [key for entry in TABLE for key in entry.keys]
    assert len(keys) == len(set(keys))


def test_no_two_entries_of_a_menu_have_one_letter() -> None:
    for menu in MENUS:
        texts = [entry.text for entry in TABLE if entry.menu == menu]
        letters = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
        assert len(letters) == len(set(letters)), menu
    whole = [menu[menu.index("&") + 1].lower() for menu in MENUS]
    assert len(whole) == len(set(whole))


def test_every_action_has_a_name_of_its_own() -> None:
    names = [entry.name for entry in TABLE if entry.name]
    assert len(names) == len(set(names))
