"""Starts that did not end well are counted, and nothing else is."""

from __future__ import annotations

from pathlib import Path

from gui.files.start_guard import StartGuard


def test_windows_that_are_open_are_no_crashes(tmp_path: Path) -> None:
    open_ones = [StartGuard(tmp_path) for _ in range(3)]
    assert not StartGuard(tmp_path).alarmed
    for guard in open_ones:
        guard.passed()
    assert len(list(tmp_path.glob("*.start"))) == 1


def test_starts_that_left_their_marker_are_forgotten_after_a_good_one(tmp_path: Path) -> None:
    for name in ("a.start", "b.start"):
        (tmp_path / name).touch()
    careful = StartGuard(tmp_path)
    assert careful.alarmed
    careful.passed()
    assert not StartGuard(tmp_path).alarmed


def test_where_nothing_can_be_written_every_start_is_a_good_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    guard = StartGuard(tmp_path / "file" / "recovery")
    assert not guard.alarmed
    guard.passed()
