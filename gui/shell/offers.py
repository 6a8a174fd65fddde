"""Offers in the message area: a sentence with a button."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from engine.walk import Exploration
from gui.export.recorder import Recorder
from gui.files.documents import Documents
from gui.files.recovery import Recovery
from gui.shell.messages_bar import MessagesBar
from gui.state.explorer_state import ExplorerState


class Offers(QObject):
    """Offers to restore an unsaved walk, to download a missing model (through `get_model`), and to
    open the folder of a recording. A walk that was left by a crash is offered at once."""

    def __init__(
        self,
        state: ExplorerState,
        messages: MessagesBar,
        documents: Documents,
        recovery: Recovery,
        recorder: Recorder,
        get_model: Callable[[str], None],
    ) -> None:
        super().__init__(messages)
        self._messages, self._documents, self._recovery = messages, documents, recovery
        self._get_model = get_model
        self._state, self._missing = state, (("", ""), "", 0)
        state.exploration_changed.connect(self._withdraw_download)
        state.busy_changed.connect(self._withdraw_download)
        state.model_missing.connect(self._offer_download)
        documents.displaced.connect(self._offer_displaced)
        recorder.saved.connect(self._offer_folder)
        self._offer_leftover()

    def _offer_download(self, model: str) -> None:
        text = f"This walk needs {model}, which is not on this machine."
        self._missing = self._models, text, self._state.results.job
        if text not in self._messages.texts:
            self._messages.offer(
                text, "Download from the hub…", partial(self._get_model, model), lambda: None
            )

    def _withdraw_download(self) -> None:
        """Remove the offer once another model or scorer is chosen, or a later job has ended."""
        models, text, job = self._missing
        ended = not self._state.busy and self._state.results.job != job
        if text and (ended or self._models != models):
            self._messages.withdraw(text)

    @property
    def _models(self) -> tuple[str, str]:
        """The models that the walk needs."""
        return self._state.exploration.model, self._state.exploration.scorer

    def _offer_displaced(self, exploration: Exploration) -> None:
        self._messages.offer(
            "The previous walk was not saved.",
            "Restore",
            partial(self._documents.restore, exploration),
            lambda: None,
        )

    def _offer_leftover(self) -> None:
        found = self._recovery.leftover()
        if found is None:
            return
        file, exploration = found

        def restore() -> None:
            self._documents.restore(exploration)
            self._recovery.succeed(file)

        self._messages.offer(
            "The walk of the last session was not saved.",
            "Restore",
            restore,
            lambda: file.unlink(missing_ok=True),
        )

    def _offer_folder(self, film: Path) -> None:
        def show_folder() -> None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(film.parent)))

        self._messages.offer(f"Recorded to {film}.", "Open folder", show_folder, lambda: None)
