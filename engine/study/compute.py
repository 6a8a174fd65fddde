"""Computes one cell: renders and measures its walks, and writes its files."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from engine import messages as m
from engine.errors import is_device_lost
from engine.export.png import encode_png
from engine.mailbox import JobControl
from engine.metrics.contract import StepMeasure, make_measure
from engine.models.running.memory import is_out_of_memory
from engine.pictures.title_strip import caption, caption_height
from engine.render.renderer import Renderer
from engine.store.frame_store import MEBIBYTE, FrameStore
from engine.study.cell_files import Measured
from engine.study.plan import method_label
from engine.study.study import Cell, Study

#: Memory of a worker for finished frames: those of a cell are compared with their neighbours.
_FRAMES_BYTES = 256 * MEBIBYTE
#: Most pictures in a row of a sample.
_ACROSS = 11


class CellError(RuntimeError):
    """A cell could not be computed. The message is one sentence. With `lost`, the worker has lost
    its device or found its memory full, and must be replaced."""

    def __init__(self, message: str, lost: bool = False) -> None:
        super().__init__(message)
        self.lost = lost


class Files(Protocol):
    """Takes the rows and the pictures of a cell: `CellFiles`, or memory."""

    def write(self, study: Study, cell: Cell, measured: Measured) -> None: ...

    def write_sheet(self, study: Study, cell: Cell, png: bytes) -> None: ...


class CellWork:
    """Computes cells one after another. Owns the model. Runs in a worker's process."""

    def __init__(self, study: Study, files: Files) -> None:
        self._study, self._files = study, files
        self._renderer = Renderer(FrameStore(_FRAMES_BYTES))

    def compute(self, cell: Cell) -> None:
        """Compute a cell and write its files. Raises CellError and WriteError."""
        study = self._study
        sheet = _Sheet(study) if study.is_sample(cell) else None
        try:
            measured = self._measured(cell, sheet)
        except (RuntimeError, OSError) as error:
            if isinstance(error, CellError):
                raise
            reason = str(error).partition("\n")[0][:200]
            lost = is_device_lost(error) or is_out_of_memory(error)
            raise CellError(f"{type(error).__name__}: {reason}", lost) from error
        for name, of_methods in measured.items():
            first = 1 if isinstance(make_measure(name), StepMeasure) else 0
            if any(np.isnan(values[first:]).any() for values in of_methods):
                raise CellError(f"The measure {name} has no value at some frames.")
        if sheet is not None:
            self._files.write_sheet(study, cell, sheet.png())
        self._files.write(study, cell, measured)

    def _measured(self, cell: Cell, sheet: _Sheet | None) -> Measured:
        plan = self._study.plan
        lanes = range(len(plan.methods))
        values = {name: [np.full(plan.frames, np.nan) for _ in lanes] for name in plan.measures}
        for event in self._renderer.run(self._study.request(cell), JobControl()):
            match event:
                case m.MeasureReady():
                    values[event.name][event.lane][event.index] = event.value
                case m.FrameReady(tier=m.Tier.FINAL) if sheet is not None:
                    sheet.add(event)
                case m.JobFailed():
                    raise CellError(event.message, event.memory_short)
                case m.FrameFailed() | m.MeasureFailed():
                    raise CellError(event.message)
        return values


class _Sheet:
    """The pictures of a cell: a row for each method, at equally spaced γ."""

    def __init__(self, study: Study) -> None:
        frames = study.plan.frames
        across = min(frames, _ACROSS)
        self._columns = np.linspace(0, frames - 1, across).round().astype(int).tolist()
        self._titles = [method_label(choice) for choice in study.plan.methods]
        self._images: dict[tuple[int, int], m.Image] = {}

    def add(self, event: m.FrameReady) -> None:
        if event.index in self._columns:
            self._images[event.lane, event.index] = event.image

    def png(self) -> bytes:
        """The sheet as PNG; its rows have the methods' names above them."""
        rows = []
        for lane, title in enumerate(self._titles):
            row = np.concatenate([self._images[lane, k] for k in self._columns], axis=1)
            rows += [caption(title, row.shape[1], caption_height(row.shape[0])), row]
        return encode_png(np.ascontiguousarray(np.concatenate(rows)), {})
