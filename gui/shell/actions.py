"""Everything the window can do, in one table: menus, shortcuts and their list come from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from gui.widgets.fields import finish_writing

MENUS = ("&File", "&Edit", "&View", "&Walk", "E&xperiments", "&Playback", "&Help")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing the window does. An entry without a name parts the menu.

    `held` keys act for as long as they are down; they are listed, and handled by the window.
    """

    menu: str
    name: str = ""
    text: str = ""
    keys: tuple[str, ...] = ()
    tip: str = ""
    checkable: bool = False
    held: bool = False


def _part(menu: str) -> Entry:
    return Entry(menu)


#: What is being written in a field counts before these begin.
AFTER_WRITING = ("save", "save_as", "export", "record", "generate")

FILE, EDIT, VIEW, WALK, EXPERIMENTS, PLAYBACK, HELP = MENUS

TABLE: tuple[Entry, ...] = (
    Entry(FILE, "new", "&New walk", ("Ctrl+N",), "Begin again with the article's walk"),
    Entry(FILE, "open", "&Open session…", ("Ctrl+O",), "Recall a session or an exported picture"),
    Entry(FILE, "save", "&Save session", ("Ctrl+S",), "Keep this walk in a file"),
    Entry(FILE, "save_as", "Save session &as…", ("Ctrl+Shift+S",), "Keep it in another file"),
    _part(FILE),
    Entry(FILE, "model", "&Model…", ("Ctrl+M",), "Choose the model that draws"),
    Entry(FILE, "export", "&Export…", ("Ctrl+E",), "Write pictures, a video or tables"),
    Entry(FILE, "record", "&Record", ("Ctrl+Shift+R",), "Record what the viewer shows", True),
    _part(FILE),
    Entry(FILE, "quit", "&Quit", ("Ctrl+Q",), "Close the window"),
    Entry(EDIT, "undo", "&Undo", ("Ctrl+Z",), "Take back the last change of the walk"),
    Entry(EDIT, "redo", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Make it again"),
    _part(EDIT),
    Entry(EDIT, "copy", "&Copy picture", ("Ctrl+Shift+C",), "Put the picture on the clipboard"),
    Entry(EDIT, "prompt", "Edit &prompt", ("Ctrl+L",), "Go to the prompt"),
    _part(EDIT),
    Entry(EDIT, "preferences", "Pr&eferences…", ("Ctrl+,",), "Theme, memory, folders, device"),
    Entry(VIEW, "single", "&One picture", ("Ctrl+1",), "The picture at the playhead", True),
    Entry(VIEW, "compare", "&Compare methods", ("Ctrl+2",), "One pane for each method", True),
    Entry(
        VIEW, "difference", "&Difference", ("Ctrl+3",), "Where the methods' pictures differ", True
    ),
    Entry(VIEW, "sheet", "&Sheet", ("Ctrl+4",), "All frames of a short walk at once", True),
    Entry(VIEW, "latent", "&Latents", ("Ctrl+5",), "The noise and the result, by channel", True),
    Entry(VIEW, "lane", "Next &method", ("M",), "Copy this one, and take differences from it"),
    _part(VIEW),
    Entry(VIEW, "crisp", "Crisp &pixels", ("Ctrl+Shift+P",), "Enlarge without smoothing", True),
    Entry(VIEW, "full_screen", "&Full screen", ("F11",), "Use the whole screen", True),
    _part(VIEW),
    Entry(WALK, "generate", "&Generate", ("Ctrl+Return", "Ctrl+Enter"), "Render the walk now"),
    Entry(WALK, "cancel", "&Cancel", ("Esc",), "Stop rendering at once; finished frames stay"),
    Entry(WALK, "finish", "&Finish this frame and stop", ("Ctrl+.",), "Stop after one more frame"),
    Entry(WALK, "pause", "&Pause and free memory", ("Ctrl+P",), "Stop and give the device back"),
    Entry(WALK, "auto", "Render &by itself", ("Ctrl+B",), "Render after each change", True),
    _part(WALK),
    Entry(WALK, "add_keyframe", "&Add keyframe", ("Ctrl+K",), "Go on to one more picture"),
    Entry(
        WALK,
        "keep_point",
        "&Keep this point",
        ("Ctrl+Shift+K",),
        "Let the walk pass the point of the plane that is shown",
    ),
    Entry(WALK, "reseed", "&New noise", ("Ctrl+R",), "Other noise where it is not locked"),
    Entry(WALK, "turn", "&Turn around", ("Ctrl+T",), "Walk from the end to the start"),
    _part(WALK),
    Entry(WALK, "draft", "&Draft", ("Ctrl+Shift+1",), "Few steps: a quick look", True),
    Entry(WALK, "normal", "&Normal", ("Ctrl+Shift+2",), "What the model recommends", True),
    Entry(WALK, "paper", "&Paper", ("Ctrl+Shift+3",), "30 steps, 7.5, DPM-Solver++ 2M", True),
    Entry(PLAYBACK, "play", "&Play or pause", ("Space",), "Play the walk"),
    Entry(PLAYBACK, "backwards", "Play &backwards", ("J",), "Again: ×2, ×4, ×8"),
    Entry(PLAYBACK, "hold", "&Stop", ("K",), "Held down, J and L go one frame", held=True),
    Entry(PLAYBACK, "forwards", "Play &forwards", ("L",), "Again: ×2, ×4, ×8"),
    _part(PLAYBACK),
    Entry(PLAYBACK, "back", "One frame back", ("Left",)),
    Entry(PLAYBACK, "on", "One frame on", ("Right",)),
    Entry(PLAYBACK, "back_ten", "Ten frames back", ("Shift+Left",)),
    Entry(PLAYBACK, "on_ten", "Ten frames on", ("Shift+Right",)),
    Entry(PLAYBACK, "first", "First frame", ("Home",)),
    Entry(PLAYBACK, "last", "Last frame", ("End",)),
    Entry(PLAYBACK, "keyframe_before", "Keyframe before", ("Alt+Left",)),
    Entry(PLAYBACK, "keyframe_after", "Keyframe after", ("Alt+Right",)),
    _part(PLAYBACK),
    Entry(PLAYBACK, "mark_in", "Range begins here", ("I",), "Play and export from here"),
    Entry(PLAYBACK, "mark_out", "Range ends here", ("O",), "Play and export up to here"),
    Entry(PLAYBACK, "clear_range", "Whole walk", ("Alt+I", "Alt+O"), "Lift the range"),
    _part(PLAYBACK),
    Entry(PLAYBACK, "loop", "Next way to &loop", ("Ctrl+Shift+L",), "Once, loop, ping-pong"),
    Entry(HELP, "shortcuts", "&Shortcuts", ("F1", "Shift+?", "?"), "All keys, searchable"),
    Entry(HELP, "log", "&Log", (), "What the program wrote about itself"),
    _part(HELP),
    Entry(HELP, "about", "&About Latent Trails", (), "Version and licences"),
)


class Actions(QObject):
    """Owns one QAction for each named entry of the table, all reachable by their keys."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._actions: dict[str, QAction] = {}
        for entry in TABLE:
            if entry.name:
                self._actions[entry.name] = self._make(entry, window)

    def _make(self, entry: Entry, window: QWidget) -> QAction:
        # A held key is no shortcut, but its menu shows it all the same.
        text = f"{entry.text}\t{entry.keys[0]}" if entry.held else entry.text
        action = QAction(text, window)
        action.setCheckable(entry.checkable)
        action.setToolTip(described(entry))
        action.setStatusTip(entry.tip)
        if not entry.held:
            action.setShortcuts([QKeySequence(key) for key in entry.keys])
        if entry.name in AFTER_WRITING:
            action.triggered.connect(finish_writing)  # the first of all that is connected to it
        window.addAction(action)
        return action

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def bind(self, verbs: dict[str, Callable[..., Any]]) -> None:
        """Let each named action do something; a checkable one passes on whether it is checked."""
        for name, verb in verbs.items():
            action = self._actions[name]
            if action.isCheckable():
                action.triggered.connect(verb)
            else:
                action.triggered.connect(lambda _=False, verb=verb: verb())

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Put all menus into the bar, and say which is which."""
        menus = {title: bar.addMenu(title) for title in MENUS}
        for entry in TABLE:
            menu = menus[entry.menu]
            menu.addAction(self._actions[entry.name]) if entry.name else menu.addSeparator()
        return menus


def plain(text: str) -> str:
    """A menu's text without the mark of its mnemonic."""
    return text.replace("&", "").rstrip("…")


def described(entry: Entry) -> str:
    """What an action does and the first key for it, as a tooltip."""
    text = entry.tip or plain(entry.text)
    if not entry.keys:
        return text
    native = QKeySequence(entry.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)
    return f"{text} ({native})"
