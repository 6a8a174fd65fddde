"""A field for numbers that are separated by commas, and the regions of a picture."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from gui.widgets.fields import Choice
from gui.widgets.layouts import grow, row
from gui.widgets.theme import UNIT

_REGIONS = (
    ("Whole", "0,0,1,1"),
    ("Left half", "0,0,0.5,1"),
    ("Right half", "0.5,0,1,1"),
    ("Top half", "0,0,1,0.5"),
    ("Bottom half", "0,0.5,1,1"),
    ("Middle", "0.25,0.25,0.75,0.75"),
)
_OWN = "Other"


def read_numbers(text: str, low: float, high: float) -> tuple[float, ...]:
    """Returns the numbers of a text such as "1,7.5". Raises ValueError with the end of a sentence
    that says what is wrong."""
    if not text.strip():
        raise ValueError("write numbers with commas between them")
    found = []
    for part in text.split(","):
        try:
            number = float(part)
        except ValueError:
            said = f"“{part.strip()}” is no number" if part.strip() else "a number is missing"
            raise ValueError(f"{said}; write numbers such as {low:g},{high:g}") from None
        if not low <= number <= high:
            raise ValueError(f"{part.strip()} is not from {low:g} to {high:g}")
        found.append(number)
    return tuple(found)


class NumberList(QLineEdit):
    """A text of numbers from `low` to `high`."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self._low, self._high = low, high

    def problem(self) -> str:
        """Return the end of a sentence that says what is wrong, or ""."""
        try:
            read_numbers(self.text(), self._low, self._high)
        except ValueError as error:
            return str(error)
        return ""


class RegionField(QWidget):
    """A list of regions by name, and the four numbers of the chosen one, which can be edited.

    Signals: `changed` after each change.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.named = Choice((*_REGIONS, (_OWN, "")))
        self.numbers = QLineEdit()
        self.named.currentIndexChanged.connect(self._take_name)
        self.numbers.textChanged.connect(self._take_numbers)
        self.setLayout(row(self.named, grow(self.numbers), spacing=2 * UNIT))

    def setAccessibleName(self, name: str) -> None:
        """Name both parts."""
        self.named.setAccessibleName(name)
        self.numbers.setAccessibleName(f"{name}: left, top, right, bottom")

    def text(self) -> str:
        """Return the four numbers as they are written."""
        return self.numbers.text().strip()

    def set_text(self, text: str) -> None:
        """Show a region."""
        self.numbers.setText(text)

    def problem(self) -> str:
        """Return the end of a sentence that says what is wrong, or ""."""
        try:
            found = read_numbers(self.text(), 0.0, 1.0)
        except ValueError as error:
            return str(error)
        if len(found) != 4:
            return f"write four numbers (left, top, right, bottom), not {len(found)}"
        left, top, right, bottom = found
        if left >= right:
            return "the left edge must be less than the right one"
        return "the top edge must be less than the bottom one" if top >= bottom else ""

    def _take_name(self) -> None:
        numbers = self.named.currentData()
        if numbers:
            self.numbers.setText(numbers)
        elif self.named.hasFocus():
            self.numbers.setFocus()

    def _take_numbers(self) -> None:
        known = self.named.findData(self.text())
        with QSignalBlocker(self.named):
            self.named.setCurrentIndex(known if known >= 0 else self.named.count() - 1)
        self.changed.emit()
