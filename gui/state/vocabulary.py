"""A model's words, as far as the window knows them: token counts, hints, words it never learnt."""

from __future__ import annotations

import json
import os
import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.errors import ModelError
from engine.walk import STARTER
from gui.state.explorer_state import ExplorerState

if TYPE_CHECKING:
    from engine.models.networks.tokens import LimitedCounter, TokenCount, TokenCounter


#: A file of a model that is larger than this is not read on the window's thread.
_MOST_BYTES = 1_000_000
_WORD = re.compile(r"\w+(?:['’]\w+)*")


class Vocabulary(QObject):
    """Owns the tokenizer of the chosen model, and what the files beside it say of its words: hint,
    examples, and the list of words that it knows. Reads them when `load` is called, never before.

    Signals: changed, the model has another tokenizer, and other counts, hints and words.
    """

    changed = Signal()

    def __init__(self, state: ExplorerState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._counter: TokenCounter | LimitedCounter | None = None
        self._loaded_from: tuple[Path | None, int] = None, 0
        self.hint = ""
        self.examples: tuple[str, ...] = ()
        self._words: frozenset[str] | None = None
        self._loaded = False
        state.model_changed.connect(self.load)
        state.exploration_changed.connect(self._reload)

    def load(self) -> None:
        """Read the tokenizer of the chosen model, if its folder is known."""
        self._loaded = True
        folder, tokens = self._tokenizer_folder(), self._tokens()
        if (folder, tokens) == self._loaded_from:
            return
        self._loaded_from = folder, tokens
        self._counter = _counter(folder, tokens)
        beside = folder.parent if folder is not None else None
        said = _read_hints(beside)
        self._words = _words_in(beside)
        self.hint = str(said.get("hint", ""))
        self.examples = tuple(str(text) for text in said.get("examples", ()))
        self.changed.emit()

    def _reload(self) -> None:
        if self._loaded:
            self.load()

    def count(self, prompt: str) -> TokenCount | None:
        """Returns the number of tokens of a prompt and where it is cut; None if unknown."""
        return self._counter.count(prompt) if self._counter else None

    def unknown_words(self, prompt: str) -> tuple[tuple[int, int], ...]:
        """The places (start, end) of words that the model never learnt; none for models without a
        list of their words."""
        if self._words is None:
            return ()
        found = _WORD.finditer(prompt)
        return tuple(word.span() for word in found if word[0].lower() not in self._words)

    def _tokens(self) -> int:
        """The most tokens of a prompt; 0 if the tokenizer says it, as CLIP's does."""
        model = self._state.model
        known = model is not None and model.location == self._state.exploration.model
        return model.tokens if model is not None and known else 0

    def _tokenizer_folder(self) -> Path | None:
        """The folder of the chosen model's tokenizer, or None. For a hub model or a single file, it
        is known after the engine has loaded the model."""
        chosen, model = self._state.exploration.model, self._state.model
        if model is not None and model.location == chosen:
            return Path(model.tokenizer) if model.tokenizer else None
        if chosen == STARTER:
            return Path(str(resources.files("resources").joinpath("starter_model", "tokenizer")))
        folder = Path(chosen)
        # Of models with a transformer, this tokenizer is not CLIP's, or not the one that matters.
        # os.path takes names that are too long for the system, which a session may hold.
        is_other = not os.path.isdir(folder) or os.path.isdir(folder / "transformer")
        return None if is_other else folder / "tokenizer"


def _counter(folder: Path | None, tokens: int) -> TokenCounter | LimitedCounter | None:
    """The counter of a tokenizer: CLIP's, or another one with its most tokens."""
    if folder is None or not os.path.isdir(folder):
        return None
    from engine.models.networks import tokens as counters  # needs a Rust library

    try:
        if tokens:
            return counters.LimitedCounter(folder, tokens)
        return counters.TokenCounter(folder)
    except ModelError:
        return None  # the engine reports the error when it opens the model


def _read_hints(folder: Path | None) -> dict[str, Any]:
    """The content of starter.json beside a model's weights: the starter model has one."""
    content = _read(folder, "starter.json")
    return content if isinstance(content, dict) else {}


def _words_in(folder: Path | None) -> frozenset[str] | None:
    """The words that a model knows, in lower case, from words.json; None without such a list."""
    content = _read(folder, "words.json")
    if not isinstance(content, list) or not all(isinstance(word, str) for word in content):
        return None
    return frozenset(content)


def _read(folder: Path | None, name: str) -> Any:
    """A small JSON file of a model; None where there is none. A hint is no reason to stop."""
    try:
        path = folder / name if folder else None
        if path is None or not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return None
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
