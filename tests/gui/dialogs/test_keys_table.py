"""The README's table of keys is that of the program. To write it anew:

python -m tests.gui.dialogs.test_keys_table
"""

from __future__ import annotations

import re
from pathlib import Path

from gui.dialogs.shortcuts_dialog import GESTURES
from gui.shell.actions import MENUS, TABLE, plain

README = Path(__file__).parents[3] / "README.md"
SECTION = re.compile(r"(?<=## Keys\n\n).*?(?=\n## )", re.DOTALL)
ARROWS = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓", "Return": "Enter"}


def readable(key: str) -> str:
    """A key as people write it."""
    return "+".join(ARROWS.get(part, part) for part in key.split("+") if part) or key


def keys_table() -> str:
    """The table in Markdown: everything that has a key, and what mouse and keys do in places."""
    lines = ["| key | does |", "|---|---|"]
    for menu in MENUS:
        entries = [entry for entry in TABLE if entry.menu == menu and entry.keys]
        if entries:
            lines.append(f"| | **{plain(menu)}** |")
        for entry in entries:
            keys = dict.fromkeys(readable(key) for key in entry.keys)
            written = ", ".join(f"`{key}`" for key in keys)
            tip = f": {entry.tip[0].lower()}{entry.tip[1:]}" if entry.tip else ""
            lines.append(f"| {written} | {plain(entry.text)}{tip} |")
    lines.append("| | **In places** |")
    lines += [f"| {how} | {place}: {what[0].lower()}{what[1:]} |" for place, what, how in GESTURES]
    return "\n".join(lines) + "\n"


def test_the_readme_lists_all_keys() -> None:
    found = SECTION.search(README.read_text(encoding="utf-8"))
    assert found is not None
    assert found.group() == keys_table()


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    README.write_text(SECTION.sub(lambda _: keys_table(), text), encoding="utf-8")
