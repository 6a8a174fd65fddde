"""A field for frames a second, typed as a decimal or as a fraction."""

from __future__ import annotations

from PySide6.QtGui import QValidator

from engine.documents.validation import MAX_FPS, MIN_FPS
from engine.export.contract import ExportFormat
from engine.export.frame_rate import exact_rate, frame_rate, rate_text
from gui.widgets.fields import FloatField

#: More decimals than a float has, so that no rate is rounded.
_DECIMALS = 15
_CHARACTERS = "0123456789.,/ "


class RateField(FloatField):
    """A spin box that keeps rates exactly: 23.976 is 24000/1001. Its arrows step through the rates
    that the format supports."""

    def __init__(self) -> None:
        super().__init__(MIN_FPS, MAX_FPS, 1.0)
        self.setDecimals(_DECIMALS)
        self.setSuffix(" fps")
        self.setAccessibleName("Frames a second")
        self._format: type[ExportFormat] | None = None

    def set_format(self, format_: type[ExportFormat]) -> None:
        """Set the format, whose rates the arrows step through."""
        self._format = format_

    def textFromValue(self, value: float) -> str:
        return rate_text(exact_rate(value))

    def valueFromText(self, text: str) -> float:
        try:
            return frame_rate(text.removesuffix(self.suffix()))
        except ValueError:
            return self.value()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        written = text.removesuffix(self.suffix())
        if set(written) - set(_CHARACTERS):
            return QValidator.State.Invalid, text, position
        try:
            rate = frame_rate(written)
        except ValueError:
            return QValidator.State.Intermediate, text, position
        inside = self.minimum() <= rate <= self.maximum()
        state = QValidator.State.Acceptable if inside else QValidator.State.Intermediate
        return state, text, position

    def stepBy(self, steps: int) -> None:
        if self._format is None or self._format.clock is None:
            super().stepBy(steps)
            return
        clock = self._format.clock
        ticks = round(1 / (exact_rate(self.value()) * clock)) - steps
        self.setValue(float(1 / (max(ticks, self._format.fewest_ticks) * clock)))
