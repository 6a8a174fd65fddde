"""Runs a command of this program in a process of its own, so that the window stays quick."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

import engine

_CODE = "import main; main.run()"
#: Time for a process to end after it was asked to, in milliseconds.
_END_MS = 5000


class Program(QObject):
    """One process at a time. Runs on the GUI thread.

    Signals: `line_read` has a line of its output; `ended` the exit code, −1 if it was killed.
    """

    line_read = Signal(str)
    ended = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = QProcess(self)
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._finish)
        self._process.errorOccurred.connect(self._fail)
        self._rest = b""
        self._last_call = QTimer(self)
        self._last_call.setSingleShot(True)
        self._last_call.setInterval(2 * _END_MS)
        self._last_call.timeout.connect(self._process.kill)

    @property
    def running(self) -> bool:
        """True while the process runs."""
        return self._process.state() is not QProcess.ProcessState.NotRunning

    def start(self, arguments: tuple[str, ...]) -> None:
        """Start the program with the arguments of its command line."""
        variables = QProcessEnvironment.systemEnvironment()
        sources = str(Path(engine.__file__).parents[1])
        before = variables.value("PYTHONPATH", "")
        variables.insert("PYTHONPATH", f"{sources}{os.pathsep}{before}" if before else sources)
        variables.insert("PYTHONIOENCODING", "utf-8")
        self._process.setProcessEnvironment(variables)
        self._rest = b""
        self._process.start(sys.executable, ["-c", _CODE, *arguments])

    def stop(self) -> None:
        """Ask the process to end; it keeps what is finished. One that does not end is killed."""
        self._process.terminate()
        self._last_call.start()

    def close(self) -> None:
        """End the process now, and wait for it."""
        if self.running:
            self._process.terminate()
            if not self._process.waitForFinished(_END_MS):
                self._process.kill()
                self._process.waitForFinished(_END_MS)

    def _read(self) -> None:
        data = self._rest + self._process.readAllStandardOutput().data()
        *lines, self._rest = data.split(b"\n")
        for line in lines:
            self.line_read.emit(line.decode("utf-8", "replace").rstrip())

    def _finish(self, code: int, status: QProcess.ExitStatus) -> None:
        self._last_call.stop()
        self._read()
        if self._rest:
            self.line_read.emit(self._rest.decode("utf-8", "replace"))
        self.ended.emit(code if status is QProcess.ExitStatus.NormalExit else -1)

    def _fail(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self.line_read.emit(f"The program could not be started: {self._process.errorString()}.")
            self.ended.emit(-1)
