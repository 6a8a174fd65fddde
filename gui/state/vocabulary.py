"""What the window knows of a model's words before the engine is asked: token counts and hints."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.errors import ModelError
from engine.walk import STARTER
from gui.state.explorer_state import ExplorerState

if TYPE_CHECKING:
    from engine.models.networks.tokens import TokenCount, TokenCounter


class Vocabulary(QObject):
    """Owns the tokenizer of the chosen model, and what is said of its words, read when `load` is
    called, never before.

    Signals: changed, the model has another tokenizer, and counts and hint are others.
    """

    changed = Signal()

    def __init__(self, state: ExplorerState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._counter: TokenCounter | None = None
        self._folder: Path | None = None
        self.hint = ""
        self.examples: tuple[str, ...] = ()
        self._loaded = False
        state.model_changed.connect(self.load)
        state.exploration_changed.connect(self._reload)

    def load(self) -> None:
        """Read the tokenizer of the model that is chosen now, if its folder is known."""
        self._loaded = True
        folder = self._tokenizer_folder()
        if folder == self._folder:
            return
        self._folder = folder
        self._counter = _counter(folder)
        said = _said(folder.parent if folder is not None else None)
        self.hint = str(said.get("hint", ""))
        self.examples = tuple(str(text) for text in said.get("examples", ()))
        self.changed.emit()

    def _reload(self) -> None:
        if self._loaded:
            self.load()

    def count(self, prompt: str) -> TokenCount | None:
        """How many tokens a prompt takes and where it is cut off; None before it is known."""
        return self._counter.count(prompt) if self._counter else None

    def _tokenizer_folder(self) -> Path | None:
        """That of the chosen model: of a hub's model or a single file, as the engine says."""
        chosen, model = self._state.exploration.model, self._state.model
        if model is not None and model.location == chosen and model.tokenizer:
            return Path(model.tokenizer)
        if chosen == STARTER:
            return Path(str(resources.files("resources").joinpath("starter_model", "tokenizer")))
        return Path(chosen, "tokenizer") if Path(chosen).is_dir() else None


def _counter(folder: Path | None) -> TokenCounter | None:
    if folder is None or not folder.is_dir():
        return None
    from engine.models.networks.tokens import TokenCounter  # needs a Rust library

    try:
        return TokenCounter(folder)
    except ModelError:
        return None  # the engine says so in its own words when it opens the model


def _said(folder: Path | None) -> dict[str, Any]:
    """What the file beside a model's weights says of it: the starter model has one."""
    path = folder / "starter.json" if folder else None
    if path is None or not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # a hint is no reason to stop
    return content if isinstance(content, dict) else {}
