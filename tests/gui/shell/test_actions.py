"""The table of actions: names and keys are unique."""

from __future__ import annotations

from gui.shell.actions import TABLE


def test_no_two_actions_have_one_key() -> None:
    keys = [key for entry in TABLE for key in entry.keys]
    assert len(keys) == len(set(keys))


def test_every_action_has_a_name_of_its_own() -> None:
    names = [entry.name for entry in TABLE if entry.name]
    assert len(names) == len(set(names))
