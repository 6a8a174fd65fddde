"""Undo and redo: what is one step, what is lost, what counts as saved."""

from __future__ import annotations

import gc
from dataclasses import replace

from PySide6.QtCore import QObject

from engine.walk import Exploration, Walk
from gui.state.explorer_state import ExplorerState
from gui.state.history import History
from tests.support.scripted_engine import MemoryFrames


def walk(frames: int) -> Exploration:
    return Exploration(walk=Walk(frames=frames))


class Traveller:
    def __init__(self) -> None:
        self.history = History(walk(1))
        self.seen: list[int] = []
        self.history.travelled.connect(lambda e: self.seen.append(e.walk.frames))


def test_there_and_back(qapp: QObject) -> None:
    t = Traveller()
    for frames in (2, 3):
        t.history.record(walk(frames), f"to {frames}")
    assert (t.history.undo_label, t.history.redo_label) == ("to 3", "")
    for verb in (t.history.undo, t.history.undo, t.history.undo, t.history.redo):
        verb()
    assert t.seen == [2, 1, 2]
    assert (t.history.undo_label, t.history.redo_label) == ("to 2", "to 3")


def test_an_edit_after_undo_forgets_what_was_undone(qapp: QObject) -> None:
    t = Traveller()
    t.history.record(walk(2), "a")
    t.history.undo()
    t.history.record(walk(3), "b")
    t.history.redo()
    t.history.undo()
    assert t.seen == [1, 1]


def test_edits_of_one_key_are_one_step(qapp: QObject) -> None:
    t = Traveller()
    for frames in range(2, 9):
        t.history.record(walk(frames), "frames", "frames")
    t.history.record(walk(50), "other", "other")
    t.history.undo()
    t.history.undo()
    assert t.seen == [8, 1]


def test_a_save_parts_edits_of_one_key(qapp: QObject) -> None:
    t = Traveller()
    t.history.record(walk(2), "frames", "frames")
    t.history.set_saved()
    t.history.record(walk(3), "frames", "frames")
    assert not t.history.is_saved
    t.history.undo()
    assert t.seen == [2]
    assert t.history.is_saved


def test_what_was_saved_and_cannot_come_back_is_not_saved(qapp: QObject) -> None:
    t = Traveller()
    t.history.record(walk(2), "a")
    t.history.set_saved()
    t.history.undo()
    t.history.record(walk(3), "b")
    assert not t.history.is_saved
    t.history.set_saved(False)
    t.history.undo()
    assert not t.history.is_saved
    t.history.clear(walk(9))
    assert t.history.is_saved
    assert t.history.undo_label == ""


def test_a_state_with_a_history_is_collected_in_a_cycle(qapp: QObject) -> None:
    state = ExplorerState(MemoryFrames(), Exploration())
    state.edit(replace(state.exploration, fps=1.0), "Rate", "fps")
    state.edit(replace(state.exploration, fps=2.0), "Rate", "fps")
    ring: list[object] = [state]
    ring.append(ring)
    del state, ring
    assert gc.collect() > 0
