"""The signals of the explorer's state: changes, and requests for the session."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class StateSignals(QObject):
    """Base of `ExplorerState`.

    Changes: exploration_changed; view_changed; playhead_changed(index); range_changed;
    results_reset, when a job has started with the known results of its lanes;
    frame_changed(lane, index); path_changed(lane); measures_changed(name); progress_changed;
    busy_changed(bool); model_changed; probe_changed; auto_changed(bool); opened, when another
    document has replaced the present one; message_posted(text, details); model_missing(hub id),
    when a model would have to be downloaded.

    Requests for the session: generate_requested, cancel_requested, finish_requested,
    pause_requested, probe_requested(serial, x, y).
    """

    exploration_changed = Signal()
    view_changed = Signal()
    playhead_changed = Signal(int)
    range_changed = Signal()
    results_reset = Signal()
    frame_changed = Signal(int, int)
    path_changed = Signal(int)
    measures_changed = Signal(str)
    progress_changed = Signal()
    busy_changed = Signal(bool)
    model_changed = Signal()
    probe_changed = Signal()
    auto_changed = Signal(bool)
    opened = Signal()
    message_posted = Signal(str, str)
    model_missing = Signal(str)
    generate_requested = Signal()
    cancel_requested = Signal()
    finish_requested = Signal()
    pause_requested = Signal()
    probe_requested = Signal(int, float, float)
