"""The environment of all tests: no screen, network or home folder, few threads, no leftovers."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

#: Seconds for a test that is marked as slow, with its fixtures.
SLOW_TIMEOUT_S = 900

_HOME = tempfile.TemporaryDirectory(prefix="latent-trails-tests-")

os.environ |= {
    "QT_QPA_PLATFORM": "offscreen",
    "HF_HUB_OFFLINE": "1",
    "HF_HOME": os.path.join(_HOME.name, "hub"),
    "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    **{f"XDG_{kind}_HOME": os.path.join(_HOME.name, kind.lower()) for kind in ("CONFIG", "CACHE")},
    **{f"XDG_{kind}_HOME": os.path.join(_HOME.name, kind.lower()) for kind in ("DATA", "STATE")},
}

settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True, database=None)
settings.load_profile("quick")


def _refuse_connections(event: str, args: tuple[Any, ...]) -> None:
    """An audit hook: tests talk to this machine only."""
    if event == "socket.connect" and isinstance(args[1], tuple):
        host = str(args[1][0])
        if not host.startswith("127.") and host not in ("::1", "localhost"):
            raise RuntimeError(f"a test tried to connect to {host}")


sys.addaudithook(_refuse_connections)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give slow tests a deadline of their own; that of all others stands in pyproject.toml."""
    if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
        item.add_marker(pytest.mark.timeout(SLOW_TIMEOUT_S))


def pytest_collection_finish() -> None:
    """Exempt everything that the imports created from garbage collection.

    These are a million objects that stay until the end; walking over them takes 0.4 s each time.
    """
    gc.collect()
    gc.freeze()


#: Names of threads that the program does not wait for, in timed_work.py and hub_task.py.
UNAWAITED = ("timed work", "model hub")


@pytest.fixture(autouse=True)
def _nothing_left_behind(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A test that uses Qt must end its threads and delete its top-level widgets."""
    if "qapp" not in request.fixturenames:
        yield
        return
    from PySide6.QtCore import QThread

    started: list[QThread] = []
    start = QThread.start

    def remember(thread: QThread, *args: Any) -> None:
        started.append(thread)
        start(thread, *args)

    monkeypatch.setattr(QThread, "start", remember)
    threads, widgets = set(threading.enumerate()), set(_top_level_widgets())
    yield
    for thread in threading.enumerate():
        if thread.name in UNAWAITED and thread not in threads:
            thread.join(10)  # nothing in the program waits for it; it ends soon after its result
    left = [thread for thread in started if _runs(thread)]
    left += [t for t in threading.enumerate() if t not in threads and not _is_foreign(t)]
    assert not left, f"threads left running: {left}"
    assert not _widgets_left(widgets), f"widgets left: {_widgets_left(widgets)}"


def _runs(thread: Any) -> bool:
    try:
        return bool(thread.isRunning())
    except RuntimeError:  # the C++ object is gone
        return False


def _is_foreign(thread: threading.Thread) -> bool:
    """True for Python's record of a QThread (judged above), and for tqdm's monitor."""
    return type(thread).__name__ in ("_DummyThread", "TMonitor")


def _top_level_widgets() -> list[Any]:
    from PySide6.QtWidgets import QApplication

    return list(QApplication.topLevelWidgets())


def _widgets_left(before: set[Any]) -> list[Any]:
    """Top-level widgets that came since; garbage is collected first, but only when it matters."""
    from PySide6.QtCore import QCoreApplication, QEvent

    left: list[Any] = []
    for collect in (lambda: 0, gc.collect):
        left.clear()  # a reference would keep what is to be collected
        collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        left = [widget for widget in _top_level_widgets() if widget not in before]
        if not left:
            break
    return left
