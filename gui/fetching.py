"""A model of the hub on its way to this machine: on a thread of its own, followed and cancelled."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from engine.errors import Cancelled, ModelError
from engine.models.check import check_model
from engine.models.hub import Hub
from engine.models.report import ModelReport
from engine.models.wanted import any_model


class Fetching(QThread):
    """Downloads one model, because a person asked for it, and looks at what has come. `half`
    prefers weights in half precision.

    Signals: progressed(stage, share of 0–1); ended(report, error): the report is None for a CLIP
    model, which can score and not draw; the error is "" where all went well.
    """

    progressed = Signal(str, float)
    ended = Signal(object, str)

    def __init__(
        self, model: str, half: bool, make_hub: Callable[[], Hub], parent: QObject
    ) -> None:
        super().__init__(parent)
        self.model, self._half, self._make_hub = model, half, make_hub
        self._cancelled = False

    def cancel(self) -> None:
        """Stop within a second; what has arrived is kept for the next time."""
        self._cancelled = True

    def run(self) -> None:
        try:
            folder = self._make_hub().fetch(self.model, any_model(self._half), self._tell)
            report = self._look(folder)
        except Cancelled:
            self.ended.emit(None, "Cancelled; what has arrived is kept for the next time.")
        except (ModelError, OSError) as error:
            self.ended.emit(None, str(error))
        except Exception as error:
            logging.getLogger("latent_trails").exception("download failed")
            name = type(error).__name__
            self.ended.emit(None, f"The download failed ({name}: {error}); see the log.")
        else:
            self.ended.emit(report, "")

    def _look(self, folder: Path) -> ModelReport | None:
        draws = (folder / "model_index.json").is_file()
        return check_model(folder, self._half) if draws else None

    def _tell(self, stage: str, share: float) -> None:
        if self._cancelled:
            raise Cancelled
        self.progressed.emit(stage, share)
