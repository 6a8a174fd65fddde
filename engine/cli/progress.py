"""Progress on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TextIO

from tqdm import tqdm

from engine import messages as m
from engine.conditioning import Guiding
from engine.solvers.contract import solvers

_SECONDS_BETWEEN_LINES = 2.0


class ProgressLines:
    """Shows a job's events on a terminal or in a log."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._bar: tqdm[None] | None = None
        self._last = 0.0
        self._done = self._told = self._total = 0
        self._left: float | None = None
        self._stage = ""

    def __enter__(self) -> ProgressLines:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, event: m.Event) -> None:
        """Show the progress of an event."""
        match event:
            case m.ModelLoading():
                self.tell(event.stage, event.fraction)
            case m.ModelReady():
                self.say(_opened(event.info))
            case m.JobStarted():
                self._begin(sum(event.totals))
            case m.PromptCut():
                self.say(
                    f'The prompt "{_begun(event.prompt)}" has {event.tokens} tokens and the model '
                    f"reads {event.limit}; the rest has no effect, so shorten it."
                )
            case m.FrameReady(tier=m.Tier.FINAL) if self._bar is not None:
                self._bar.update()
            case m.FrameReady(tier=m.Tier.FINAL):
                self._done += 1
                self._line()
            case m.Progress() if self._bar is None:
                self._done, self._left = event.done, event.seconds_left
                self._line()

    def tell(self, stage: str, share: float) -> None:
        """Print a stage of work when it begins, and every few seconds its share done, in 0–1."""
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._last = stage, now
            self.say(f"{stage} …")
        elif now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            self.say(f"{stage}: {100 * share:.0f} %")

    def say(self, text: str) -> None:
        """Print a line."""
        if self._bar is not None:
            self._bar.write(text, file=self._stream)
        else:
            self._stream.write(f"{text}\n")
            self._stream.flush()

    def _begin(self, total: int) -> None:
        self._done, self._told, self._total, self._left = 0, -1, total, None
        if self._terminal:
            self._bar = tqdm(total=total, unit="frame", file=self._stream, dynamic_ncols=True)

    def _line(self) -> None:
        """Print the progress every few seconds and at the end."""
        now, ended = time.monotonic(), self._done == self._total
        if self._told == self._done if ended else now - self._last < _SECONDS_BETWEEN_LINES:
            return
        self._last, self._told = now, self._done
        rest = f", {self._left:.0f} s left" if self._left is not None and not ended else ""
        self.say(f"{self._done} of {self._total} frames{rest}")


def _opened(info: m.ModelInfo) -> str:
    """Describes a loaded model, its device and its default solver."""
    solver = solvers.get(info.solver).label
    if info.replaced:
        solver += f", in place of the model's {info.replaced} (--solver scheduler uses that itself)"
    notes = {
        Guiding.APART: "",
        Guiding.EMBEDDED: "; it has no negative prompt",
        Guiding.NONE: "; guidance and a negative prompt have no effect",
    }[info.guiding]
    if info.precision_note:
        notes += f". {info.precision_note}"
    return f"{info.name} on {info.device}, {info.arithmetic}; default solver: {solver}{notes}"


def _begun(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
