"""Opens and saves sessions, and lists recent ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from engine.atomic import Existing, choose_path
from engine.documents.session_file import (
    SUFFIX,
    contents,
    digest_of,
    file_digest,
    save_session,
)
from engine.errors import InputError
from engine.export.recall import Recalled
from engine.walk import Exploration, Keyframe
from gui.files.file_look import FileLook, Found, look_at
from gui.files.settings import Settings
from gui.state.explorer_state import ExplorerState
from gui.state.walk_edits import with_noise, with_prompt
from gui.widgets.plain_text import plain_tip, plain_title
from gui.widgets.questions import ask

KINDS = f"*{SUFFIX} *.png *.jpg *.jpeg *.mp4 *.webm *.gif *.webp"
FILTER = f"Sessions and pictures ({KINDS});;All files (*)"
KIND = "sessions"
OVERWRITE, COPY, REPLACE = "Overwrite", "Save a copy…", "Replace"


class Documents(QObject):
    """Owns the path of the session file. Errors are shown in the window.

    Signals: path_changed(path or None); displaced(exploration), when another walk has replaced one
    that was not saved; model_found(path), when a model was opened; remarked(sentence), about what
    was left out of another program's settings.
    """

    path_changed = Signal(object)
    displaced = Signal(object)
    model_found = Signal(str)
    remarked = Signal(str)

    def __init__(self, state: ExplorerState, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._state, self._settings, self._window = state, settings, window
        self.path: Path | None = None
        self._opening = state.exploration.walk
        self._look = FileLook(window)
        self._digest = ""  # of the file when it was last read or written here

    # ── verbs ────────────────────────────────────────────────────────────────────────────────

    def new(self) -> None:
        """Start again with the walk of the program's start and the same model."""
        exploration = self._state.exploration
        fresh = Exploration(
            model=exploration.model,
            walk=self._opening,
            sampling=self._state.recommended,
            measures=exploration.measures,
            view=replace(exploration.view, segment=None),
        )
        self._adopt(fresh, None)

    def ask_open(self) -> None:
        """Ask for a file and open it."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, "Open a session", str(self._folder()), FILTER
        )
        if name:
            self.open(Path(name))

    def open(self, path: Path) -> None:
        """Open a session, or the session in the metadata of a picture or video. The file is read on
        another thread."""
        self.look(path, self.adopt)

    @property
    def busy(self) -> bool:
        """True while a file is being read."""
        return self._look.busy

    def look(self, path: Path, then: Callable[[Found], None]) -> None:
        """Read the file on another thread, and call `then` if it holds a walk."""
        current = self._state.exploration
        self._look.start(path, lambda: look_at(path, current), partial(self._seen, then))

    def adopt(self, found: Found) -> None:
        """Replace the walk by that of a file."""
        recalled = found.recalled
        if recalled is None:
            return
        self._digest = found.digest
        self._adopt(recalled.exploration, found.path if found.is_session else None)
        if found.is_session:
            self._settings.remember(KIND, str(found.path))
        if recalled.origin is not None:
            self._state.generate()  # at once, because the playhead is limited to rendered frames
            self._state.seek(recalled.origin.index)
        if recalled.remark:
            self.remarked.emit(recalled.remark)

    def save(self) -> bool:
        """Save the walk to its file. Ask for a file if it has none, and ask what to do if another
        program has changed the file since it was read or written here."""
        if self.path is None:
            return self.ask_save()
        if self._digest_of(self.path) in ("", self._digest):
            return self._write(self.path)
        question = (
            f"{self.path.name} was changed by another program since it was opened or saved here. "
            "Overwriting it loses those changes."
        )
        answer = ask(self._window, "Save the session", question, OVERWRITE, COPY)
        if answer == COPY:
            return self.ask_save(choose_path(self.path, Existing.NUMBER))
        return answer == OVERWRITE and self._write(self.path)

    def ask_save(self, proposed: Path | None = None) -> bool:
        """Ask for a file and save the walk to it."""
        start = proposed or self.path or self._folder() / f"walk{SUFFIX}"
        name, _ = QFileDialog.getSaveFileName(
            self._window, "Save the session", str(start), f"Sessions (*{SUFFIX})"
        )
        if not name:
            return False
        if name.lower().endswith(SUFFIX):
            return self._write(Path(name))
        # The dialog has checked the name without the suffix, so this path is checked here.
        path = Path(f"{name}{SUFFIX}")
        return (not path.exists() or self._may_replace(path)) and self._write(path)

    def take_noise(self, recalled: Recalled) -> None:
        """Use the noise of a picture for the keyframe nearest to the playhead."""
        noise = _keyframe_of(recalled).noise
        walk = with_noise(self._state.exploration.walk, self._nearest_keyframe(), noise)
        self._state.edit(replace(self._state.exploration, walk=walk), "Use noise of a picture")

    def take_prompt(self, recalled: Recalled) -> None:
        """Use the prompt of a picture for the whole walk."""
        walk = with_prompt(self._state.exploration.walk, _keyframe_of(recalled).prompt)
        walk = replace(walk, prompts=())
        self._state.edit(replace(self._state.exploration, walk=walk), "Use prompt of a picture")

    def fill_recent(self, menu: QMenu) -> None:
        """List the recent sessions in the menu."""
        menu.clear()
        for name in self._settings.recent(KIND):
            path = Path(name)
            action = menu.addAction(plain_title(path.stem), partial(self.open, path))
            action.setToolTip(plain_tip(name))
        if menu.isEmpty():
            menu.addAction("None yet").setEnabled(False)
            return
        menu.addSeparator()
        menu.addAction("Clear this list", lambda: self._settings.forget(KIND))

    def restore(self, exploration: Exploration) -> None:
        """Open a walk that was never saved, and mark it as changed."""
        self._adopt(exploration, None)
        self._state.history.set_saved(False)

    # ── helpers ──────────────────────────────────────────────────────────────────────────────

    def _may_replace(self, path: Path) -> bool:
        question = f"{path.name} already exists. Replace it?"
        return ask(self._window, "Save the session", question, REPLACE) == REPLACE

    def _digest_of(self, path: Path) -> str:
        """As `file_digest`; a file that cannot be read has no digest, and is not written either."""
        try:
            return file_digest(path)
        except InputError:
            return ""

    def _seen(self, then: Callable[[Found], None], found: Found | Exception) -> None:
        if isinstance(found, Exception):
            self._state.post(str(found))
        elif found.recalled is None:
            self.model_found.emit(str(found.path))
        else:
            then(found)

    def _adopt(self, exploration: Exploration, path: Path | None) -> None:
        before = None if self._state.history.is_saved else self._state.exploration
        self._state.open_exploration(exploration)
        self._set_path(path)
        if before is not None:
            self.displaced.emit(before)

    def _write(self, path: Path) -> bool:
        try:
            exploration = self._state.exploration
            digest = digest_of(contents(exploration))
            save_session(path, exploration)
        except (InputError, OSError) as error:
            self._state.post(str(error))
            return False
        self._digest = digest
        self._state.history.set_saved()
        self._settings.remember(KIND, str(path))
        self._set_path(path)
        return True

    def _set_path(self, path: Path | None) -> None:
        self.path = path
        self.path_changed.emit(path)

    def _folder(self) -> Path:
        recent = self._settings.recent(KIND)
        return Path(recent[0]).parent if recent else Path(os.path.expanduser("~"))

    def _nearest_keyframe(self) -> int:
        walk = self._state.exploration.walk
        here = self._state.playhead
        indices = walk.keyframe_indices()
        return min(range(len(indices)), key=lambda k: abs(indices[k] - here))


def _keyframe_of(recalled: Recalled) -> Keyframe:
    """Returns the keyframe nearest to the picture's frame."""
    origin = recalled.origin
    return recalled.exploration.walk.nearest(origin.time if origin else 0.0)
