"""A searchable list of all keys, made from the table of actions."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QLineEdit, QTreeWidget, QTreeWidgetItem, QWidget

from gui.shell.actions import MENUS, TABLE, Entry, plain
from gui.widgets.layouts import column
from gui.widgets.theme import UNIT

#: Gestures of the mouse and keys of single widgets, which are no actions.
GESTURES = (
    ("Trajectory", "Render the picture of a point", "click or drag"),
    ("Trajectory", "Move the playhead along the path", "drag the dot"),
    ("Trajectory", "Zoom; move the plane", "wheel; drag with the right button"),
    (
        "Trajectory",
        "Move the point",
        "Click the plot or Tab to it; arrows, smaller steps with Shift",
    ),
    ("Trajectory", "Move the plane", "Click the plot or Tab to it; Ctrl and arrows"),
    ("Trajectory", "Zoom; show all", "Click the plot or Tab to it; + and −; 0"),
    ("Viewer", "Enlarge the same spot in every picture", "hold the middle button"),
    ("Timeline", "Move the playhead", "drag"),
    ("Timeline", "Change the range", "drag its handles"),
    ("Timeline", "Move a keyframe in time", "drag its tick; Ctrl+Left, Ctrl+Right at it"),
    ("Timeline", "Edit a prompt; blend of prompts", "click it, Enter; right click, Menu key"),
    ("Timeline", "Move a prompt with own time", "drag its mark; Ctrl+Shift+Left, Right at it"),
    ("Walk", "Render at once", "Enter in a prompt"),
    ("Walk", "Move a keyframe", "drag its card; Alt+Up, Alt+Down in it"),
    ("Walk", "Press the focused button", "Enter"),
    ("Window", "Open a session, a picture or a folder", "drop it on the window"),
)


def native(entry: Entry) -> str:
    """Formats an action's keys as this system writes them."""
    form = QKeySequence.SequenceFormat.NativeText
    return "   ".join(QKeySequence(key).toString(form) for key in entry.keys)


class ShortcutsDialog(QDialog):
    """Lists every action with its keys. A search field filters the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts")
        self.resize(130 * UNIT, 150 * UNIT)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setToolTip("Words of a name, or keys such as Ctrl")
        self.search.setAccessibleName("Search the shortcuts")
        self.search.setClearButtonEnabled(True)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setToolTip("Actions and their keys")
        self.tree.setAccessibleName("Shortcuts")
        self._groups: dict[str, tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = {}
        self._fill()
        layout = column(self, 4 * UNIT, 3 * UNIT)
        layout.addWidget(self.search)
        layout.addWidget(self.tree)
        self.search.textChanged.connect(self.narrow)

    def _fill(self) -> None:
        for menu in MENUS:
            for entry in TABLE:
                if entry.menu == menu and entry.keys:
                    self._add(plain(menu), plain(entry.text), native(entry))
        for title, text, gesture in GESTURES:
            self._add(title, text, gesture)
        self.tree.expandAll()
        self.tree.resizeColumnToContents(0)

    def _add(self, title: str, text: str, keys: str) -> None:
        if title not in self._groups:
            group = QTreeWidgetItem(self.tree, [title])
            font = group.font(0)
            font.setBold(True)
            group.setFont(0, font)
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self._groups[title] = (group, [])
        group, rows = self._groups[title]
        rows.append(QTreeWidgetItem(group, [text, keys]))

    def narrow(self, search: str) -> None:
        """Show the rows that contain every word of `search` in their name or keys."""
        words = search.casefold().split()
        for title, (group, rows) in self._groups.items():
            for row in rows:
                text = f"{title} {row.text(0)} {row.text(1)}".casefold()
                row.setHidden(not all(word in text for word in words))
            group.setHidden(all(row.isHidden() for row in rows))

    def shown(self) -> list[str]:
        """Returns the names of the visible rows."""
        rows = [row for _, rows in self._groups.values() for row in rows]
        return [row.text(0) for row in rows if not row.isHidden()]
