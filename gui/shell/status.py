"""The status line: device, model, progress of the job, and the remaining time."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QProgressBar, QPushButton, QStatusBar

from engine.messages import ModelInfo, Progress
from engine.walk import frame_text
from gui.state.explorer_state import ExplorerState
from gui.widgets.plain_text import PlainLabel, plain_tip
from gui.widgets.theme import UNIT, Theme

#: Interval at which the memory in use is read, in milliseconds.
WATCH_MS = 2000


def progress_text(progress: Progress) -> str:
    """The frame's number, the step and the remaining time, as far as they are known."""
    parts = [frame_text(min(progress.done, progress.total - 1), progress.total)]
    if progress.steps:
        parts.append(f"step {progress.step} of {progress.steps}")
    if progress.seconds_left is not None:
        parts.append(f"{time_text(progress.seconds_left)} left")
    return " · ".join(parts)


def time_text(seconds: float) -> str:
    """Formats a duration: 0:14, or 1:02:03 from one hour on."""
    whole = max(round(seconds), 0)
    hours, rest = divmod(whole, 3600)
    minutes, seconds_left = divmod(rest, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds_left:02}"
    return f"{minutes}:{seconds_left:02}"


def memory_in_use() -> int:
    """Returns this process's resident memory in bytes."""
    import psutil  # not before the first paint

    return int(psutil.Process().memory_info().rss)


def memory_text(amount: int) -> str:
    """Formats an amount of memory: 812 MB, or 3.1 GB from 1 GB on."""
    return f"{amount / 2**30:.1f} GB" if amount >= 2**30 else f"{amount / 2**20:.0f} MB"


def device_text(info: ModelInfo, memory: int) -> str:
    """Formats the device, the precision and the memory in use."""
    return f"{info.device} · {info.arithmetic} · {memory_text(memory)}"


def memory_tip(info: ModelInfo, program: int, device: int) -> str:
    """Formats the memory of the program, the device and the weights, one a line."""
    lines = [
        f"In use by the program: {memory_text(program)}",
        f"In use on {info.device}: {memory_text(device)}" if device else "",
        f"The model's weights alone: {memory_text(info.bytes_loaded)}" if info.bytes_loaded else "",
    ]
    return "\n".join(line for line in lines if line)


class StatusBar(QStatusBar):
    """Shows the device, the model and the progress of the job. Owns no data.

    Signals: fp32_wanted, when another precision was chosen by measurement and is not wanted.
    """

    fp32_wanted = Signal()

    def __init__(self, state: ExplorerState, theme: Theme) -> None:
        super().__init__()
        self._state = state
        self.setSizeGripEnabled(False)
        self.setContentsMargins(2 * UNIT, 0, 4 * UNIT, 0)
        self._device, self._model, self._text = PlainLabel(), PlainLabel(), PlainLabel()
        self._device.setAccessibleName("Device and precision")
        self._model.setAccessibleName("Model")
        self._text.setAccessibleName("Progress")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(40 * UNIT, UNIT)
        self._bar.setAccessibleName("Share of the frames that are done")
        self._fp32 = QPushButton("Render in fp32")
        self._fp32.setFlat(True)
        self._fp32.hide()
        self._fp32.clicked.connect(self.fp32_wanted)
        for widget in (self._device, self._fp32, self._model):
            self.addWidget(widget)
        self.addPermanentWidget(self._text)
        self.addPermanentWidget(self._bar)
        self.set_theme(theme)
        self._watch = QTimer(self, interval=WATCH_MS)
        self._watch.timeout.connect(self._show_memory)
        self._watch.start()
        state.model_changed.connect(self._show_model)
        state.progress_changed.connect(self._show_progress)
        state.busy_changed.connect(self._show_progress)
        state.results_reset.connect(self._show_progress)
        self._show_progress()

    def set_theme(self, theme: Theme) -> None:
        for widget in (self._device, self._fp32, self._model, self._text):
            widget.setFont(theme.font(0.92, digits=True))

    def _show_model(self) -> None:
        info = self._state.model
        self._model.setText(info.name if info else "")
        self._fp32.setVisible(info is not None and info.precision_note != "")
        self._fp32.setToolTip(plain_tip(info.precision_note) if info else "")
        self._show_memory()

    def _show_memory(self) -> None:
        """Show the memory in use now. It changes when models and frames are loaded or freed."""
        info, progress = self._state.model, self._state.progress
        if info is None:
            self._device.clear()
            self._device.setToolTip("")
            return
        program, device = memory_in_use(), progress.device_memory if progress else 0
        self._device.setText(device_text(info, device or program))
        self._device.setToolTip(plain_tip(memory_tip(info, program, device)))

    def _show_progress(self) -> None:
        state = self._state
        busy = state.busy
        self._bar.setVisible(busy)
        if busy and state.loading is not None:
            self._text.setText(state.loading.stage)
            self._set_share(state.loading.fraction)
        elif busy and state.progress is not None:
            self._text.setText(progress_text(state.progress))
            self._set_share(state.progress.done / max(state.progress.total, 1))
        elif busy:
            self._text.setText("Starting")
            self._bar.setRange(0, 0)
        else:
            self._text.setText(self._resting_text())

    def _set_share(self, share: float) -> None:
        self._bar.setRange(0, 1000)
        self._bar.setValue(round(1000 * share))

    def _resting_text(self) -> str:
        progress = self._state.progress
        if progress is None:
            return ""
        noun = "frame" if progress.total == 1 else "frames"
        if progress.done >= progress.total:
            return f"{progress.total} {noun}"
        return f"{progress.done} of {progress.total} {noun}"
