"""The window as a program of its own, on a scripted engine: started by the tests of its life."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPushButton

from engine.messages import ModelReady
from engine.store.frame_store import FrameStore
from engine.walk import Exploration
from gui import app
from gui.files.app_folders import AppFolders
from tests.support.scripted_engine import MemoryFrames, ScriptedEngine


class StubbornEngine(ScriptedEngine):
    """Never ends in time, as a step that hangs."""

    def stop(self, timeout_ms: int) -> bool:
        return False


class Closing(app.Program):
    """Closes itself as its kind says, after the first paint at the earliest."""

    kind = ""

    def _begin(self) -> None:
        # Looked at before the rest is imported on another thread.
        slow = {"pyqtgraph", "torch", "diffusers", "transformers", "cv2"}
        print("loaded at the first paint:", *sorted(slow & set(sys.modules)))
        super()._begin()
        if self.kind == "crashing":
            os._exit(7)
        print("device:", self.session.machine.device)
        self._print_places()
        if self.kind == "plain":
            self._close_soon()
        elif self.kind in ("working", "stubborn"):
            self.state.frame_changed.connect(self._close_soon)
        elif self.kind == "raising":
            self.state.message_posted.connect(self._close_soon)
            QTimer.singleShot(0, self._raise)
        elif self.kind == "measured":
            self.state.model_changed.connect(self._choose_fp32)

    def _choose_fp32(self) -> None:
        """Says once that the precision was measured, and clicks what brings fp32 back."""
        info = self.state.model
        if info is None or self.session.machine.precision:
            return
        self.state.model_changed.disconnect(self._choose_fp32)
        note = replace(info, precision="bfloat16", precision_note="bfloat16 is 3× as fast.")
        self.state.apply(ModelReady(self.state.results.job, note))
        buttons = self.window.status.findChildren(QPushButton)
        next(button for button in buttons if button.text() == "Render in fp32").click()
        print("precision:", self.session.machine.precision)
        self._close_soon()

    def _print_places(self) -> None:
        """Prints the positions of the window and its transport, and the screen's free part."""
        window, transport = self.window, self.window.transport
        corner = transport.mapToGlobal(transport.rect().bottomRight())
        print("screen:", *window.screen().availableGeometry().getRect())
        print("window:", *window.frameGeometry().getRect())
        print("transport:", corner.x(), corner.y())

    def _raise(self) -> None:
        raise RuntimeError("a slot went wrong")

    def _close_soon(self, *_: object) -> None:
        QTimer.singleShot(0, self._close)

    def _close(self) -> None:
        print("busy:", self.state.busy)
        print("messages:", *self.window.messages.texts)
        self.window.close()


def main(folder: str, kind: str) -> int:
    """Run the window until what `kind` waits for has happened.

    "plain" closes at once; "working" and "stubborn" close at the first frame, while the job goes
    on; "crashing" ends the process at once; "raising" closes when an exception was reported;
    "measured" clicks what brings fp32 back; "staying" does not close itself.
    """
    heavy = [name for name in ("torch", "diffusers", "transformers", "cv2") if name in sys.modules]
    print("heavy before:", *heavy)
    frames = MemoryFrames()
    make = StubbornEngine if kind == "stubborn" else ScriptedEngine
    Closing.kind = kind
    app.Program = Closing  # type: ignore[misc]
    return app.run_window(
        ["latent-trails"],
        Exploration(),
        FrameStore(folder=Path(folder) / "frames"),
        lambda: make(frames, 20, 1),
        AppFolders.within(Path(folder)),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
