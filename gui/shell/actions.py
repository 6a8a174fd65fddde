"""Defines all actions of the window in one table. Menus, shortcuts and the list of keys use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from gui.widgets.fields import finish_writing
from gui.widgets.plain_text import plain_tip

MENUS = ("&File", "&Edit", "&View", "&Walk", "E&xperiments", "&Playback", "&Help")


@dataclass(frozen=True, slots=True)
class Entry:
    """An action of a menu. An entry without a name is a separator.

    The window itself handles the keys of an entry with `in_window`; the entry only lists them.
    """

    menu: str
    name: str = ""
    text: str = ""
    keys: tuple[str, ...] = ()
    tip: str = ""
    checkable: bool = False
    in_window: bool = False


def _separator(menu: str) -> Entry:
    return Entry(menu)


#: All other actions first take over what a person is typing in a field.
BEFORE_WRITING = ("undo", "redo")

FILE, EDIT, VIEW, WALK, EXPERIMENTS, PLAYBACK, HELP = MENUS

TABLE: tuple[Entry, ...] = (
    Entry(FILE, "new", "&New walk", ("Ctrl+N",), "Start again with the article's walk"),
    Entry(FILE, "open", "&Open session…", ("Ctrl+O",), "Open a session or an exported picture"),
    Entry(FILE, "save", "&Save session", ("Ctrl+S",), "Save this walk to its file"),
    Entry(FILE, "save_as", "Save session &as…", ("Ctrl+Shift+S",), "Save it to another file"),
    _separator(FILE),
    Entry(FILE, "model", "&Model…", ("Ctrl+M",), "Choose the model that renders the pictures"),
    Entry(FILE, "export", "&Export…", ("Ctrl+E",), "Write pictures, a video, tables or plots"),
    Entry(
        FILE,
        "figure",
        "&Figure for a paper…",
        ("Ctrl+Shift+E",),
        "Write frames, plane, curves and table on one page",
    ),
    Entry(FILE, "record", "Re&cord", ("Ctrl+Shift+R",), "Record what the viewer shows", True),
    _separator(FILE),
    Entry(FILE, "quit", "&Quit", ("Ctrl+Q",), "Close the window"),
    Entry(EDIT, "undo", "&Undo", ("Ctrl+Z",), "Undo the last change"),
    Entry(EDIT, "redo", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Redo the change that was undone"),
    _separator(EDIT),
    Entry(EDIT, "copy", "&Copy picture", ("Ctrl+Shift+C",), "Copy the picture to the clipboard"),
    Entry(EDIT, "prompt", "Edit &prompt", ("Ctrl+L",), "Go to the prompt"),
    _separator(EDIT),
    Entry(EDIT, "preferences", "Pr&eferences…", ("Ctrl+,",), "Theme, memory, folders, device"),
    Entry(VIEW, "single", "&One picture", ("Ctrl+1",), "Show the picture at the playhead", True),
    Entry(VIEW, "compare", "&Compare methods", ("Ctrl+2",), "Show the methods side by side", True),
    Entry(
        VIEW,
        "difference",
        "&Difference",
        ("Ctrl+3",),
        "Show where the methods differ",
        True,
    ),
    Entry(VIEW, "sheet", "&Sheet", ("Ctrl+4",), "Show all frames of a short walk at once", True),
    Entry(VIEW, "latent", "&Latents", ("Ctrl+5",), "Show noise and result by channel", True),
    Entry(
        VIEW,
        "lane",
        "Next &method",
        ("M",),
        "Select the next method, for copies and differences",
    ),
    _separator(VIEW),
    Entry(VIEW, "crisp", "Crisp &pixels", ("Ctrl+Shift+P",), "Enlarge without smoothing", True),
    Entry(VIEW, "full_screen", "&Full screen", ("F11",), "Use the whole screen", True),
    _separator(VIEW),
    Entry(WALK, "generate", "&Generate", ("Ctrl+Return", "Ctrl+Enter"), "Render the walk now"),
    Entry(
        WALK,
        "cancel",
        "&Cancel",
        ("Esc",),
        "Stop rendering at once; finished frames stay",
        in_window=True,
    ),
    Entry(
        WALK,
        "finish",
        "Finis&h this frame and stop",
        ("Ctrl+.",),
        "Stop after this frame",
    ),
    Entry(
        WALK, "pause", "Pause and free &memory", ("Ctrl+P",), "Stop, and free the device's memory"
    ),
    Entry(WALK, "auto", "Render a&utomatically", ("Ctrl+B",), "Render after each change", True),
    _separator(WALK),
    Entry(WALK, "add_keyframe", "&Add keyframe", ("Ctrl+K",), "Extend the walk by a keyframe"),
    Entry(
        WALK,
        "keep_point",
        "Add point as &keyframe",
        ("Ctrl+Shift+K",),
        "Lead the walk through the point of the plane that is shown",
    ),
    Entry(
        WALK,
        "tipping_points",
        "Tipping p&oints",
        ("Ctrl+Shift+T",),
        "Put a keyframe at each place where the picture changes quickly",
    ),
    Entry(
        WALK,
        "even_out",
        "&Even out",
        ("Ctrl+Shift+V",),
        "Give the frames times at which all steps look equally large",
    ),
    Entry(
        WALK,
        "perfect",
        "Per&fect walk",
        ("Ctrl+Shift+F",),
        "Use a spline through all keyframes, and even out the steps",
    ),
    Entry(
        WALK,
        "speed",
        "&Wanted speed…",
        ("Ctrl+Shift+W",),
        "Choose or draw the speed that the steps will follow",
    ),
    Entry(WALK, "reseed", "New no&ise", ("Ctrl+R",), "Draw new noise, except where it is locked"),
    Entry(WALK, "reverse", "&Reverse walk", ("Ctrl+T",), "Exchange start and end of the walk"),
    Entry(
        WALK, "closed", "&Loop", ("Ctrl+Shift+O",), "Lead the last keyframe back to the first", True
    ),
    Entry(WALK, "spread", "&Spread evenly", ("Ctrl+Shift+G",), "Put keyframes at equal intervals"),
    Entry(
        WALK,
        "own_times",
        "Prompts with own &times",
        ("Ctrl+Shift+Y",),
        "Give prompts times that do not depend on the keyframes",
        True,
    ),
    _separator(WALK),
    Entry(WALK, "draft", "&Draft", ("Ctrl+Shift+1",), "Few steps, for a quick look", True),
    Entry(WALK, "normal", "&Normal", ("Ctrl+Shift+2",), "The model's recommended settings", True),
    Entry(
        WALK, "paper", "&Paper", ("Ctrl+Shift+3",), "30 steps, guidance 7.5, DPM-Solver++ 2M", True
    ),
    Entry(EXPERIMENTS, "study", "S&tudy…", (), "Measure many pairs of noises by plan"),
    Entry(EXPERIMENTS, "meter", "Seed &meter…", (), "See what the noise decides, and the prompt"),
    Entry(EXPERIMENTS, "influence", "&Influence of parts…", (), "Change parts of the noise"),
    Entry(EXPERIMENTS, "direction", "&Direction…", (), "Walk towards a colour or a text"),
    _separator(EXPERIMENTS),
    Entry(PLAYBACK, "play", "&Play or pause", ("Space",), "Play the walk"),
    Entry(PLAYBACK, "backwards", "Play &backwards", ("J",), "Press again for ×2, ×4, ×8"),
    Entry(
        PLAYBACK, "hold", "&Stop", ("K",), "While held, J and L move by one frame", in_window=True
    ),
    Entry(PLAYBACK, "forwards", "Play &forwards", ("L",), "Press again for ×2, ×4, ×8"),
    _separator(PLAYBACK),
    Entry(PLAYBACK, "previous", "Previous frame", ("Left",)),
    Entry(PLAYBACK, "next", "Next frame", ("Right",)),
    Entry(PLAYBACK, "back_ten", "Ten frames back", ("Shift+Left",)),
    Entry(PLAYBACK, "forward_ten", "Ten frames forward", ("Shift+Right",)),
    Entry(PLAYBACK, "first", "First frame", ("Home",)),
    Entry(PLAYBACK, "last", "Last frame", ("End",)),
    Entry(PLAYBACK, "previous_keyframe", "Previous keyframe", ("Alt+Left",)),
    Entry(PLAYBACK, "next_keyframe", "Next keyframe", ("Alt+Right",)),
    _separator(PLAYBACK),
    Entry(PLAYBACK, "range_start", "Start range here", ("I",), "Play and export from this frame"),
    Entry(PLAYBACK, "range_end", "End range here", ("O",), "Play and export up to this frame"),
    Entry(PLAYBACK, "clear_range", "Clear range", ("Alt+I", "Alt+O"), "Use the whole walk again"),
    _separator(PLAYBACK),
    Entry(PLAYBACK, "loop", "Change &loop mode", ("Ctrl+Shift+L",), "Once, loop, ping-pong"),
    Entry(HELP, "shortcuts", "&Shortcuts", ("F1", "Shift+?", "?"), "All keys, searchable"),
    Entry(HELP, "log", "&Log", (), "The program's log"),
    _separator(HELP),
    Entry(HELP, "about", "&About Latent Trails", (), "Version and licences"),
)


class Actions(QObject):
    """Owns one QAction for each named entry of the table."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._actions: dict[str, QAction] = {}
        for entry in TABLE:
            if entry.name:
                self._actions[entry.name] = self._make(entry, window)

    def _make(self, entry: Entry, window: QWidget) -> QAction:
        # Such a key is not a QAction shortcut; the menu shows it as text.
        text = f"{entry.text}\t{entry.keys[0]}" if entry.in_window else entry.text
        action = QAction(text, window)
        action.setCheckable(entry.checkable)
        action.setToolTip(plain_tip(described(entry)))
        action.setStatusTip(entry.tip)
        if not entry.in_window:
            action.setShortcuts([QKeySequence(key) for key in entry.keys])
        if entry.name not in BEFORE_WRITING:
            action.triggered.connect(finish_writing)  # connected first: runs first
        window.addAction(action)
        return action

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def bind(self, functions: dict[str, Callable[..., Any]]) -> None:
        """Connects functions to actions by name. A checkable action passes its checked state."""
        for name, function in functions.items():
            action = self._actions[name]
            if action.isCheckable():
                action.triggered.connect(function)
            else:
                action.triggered.connect(lambda _=False, function=function: function())

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Adds all menus to the bar and returns them by title."""
        menus = {title: bar.addMenu(title) for title in MENUS}
        for entry in TABLE:
            menu = menus[entry.menu]
            menu.addAction(self._actions[entry.name]) if entry.name else menu.addSeparator()
        return menus


def plain(text: str) -> str:
    """Returns a menu text without the "&" of its mnemonic and without the ellipsis."""
    return text.replace("&", "").rstrip("…")


def described(entry: Entry) -> str:
    """Returns the tooltip of an action: its description and its first key."""
    text = entry.tip or plain(entry.text)
    if not entry.keys:
        return text
    native = QKeySequence(entry.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)
    return f"{text} ({native})"
