"""Estimates the memory of a model's weights before it is opened. Imports no large library."""

from __future__ import annotations

from dataclasses import dataclass

from engine.models.inspection.report import ModelReport

#: The memory of a step beside the weights, as a share of them; it depends on the picture's size.
_WORK = 1.2


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """Bytes for a model with all parts opened, and with text encoders freed before the denoiser.

    `apart` is the larger of the text encoders and the rest. Weights, and a fifth for the work.
    """

    together: int
    apart: int

    def fits(self, free: int) -> bool:
        """True if all parts fit into the free memory together."""
        return self.together <= free

    def fits_apart(self, free: int) -> bool:
        """True if the parts fit one after the other."""
        return self.apart <= free


def memory_need(report: ModelReport, half: bool) -> MemoryNeed:
    """Returns the need of a checked model. `half` is half precision, two bytes for each weight.

    A single file counts as one part.
    """
    size = 2 if half else 4
    if not report.parts:
        whole = int(report.bytes * (1 if half else 2) * _WORK)
        return MemoryNeed(whole, whole)
    encoders = sum(part.numbers for part in report.parts if part.name.startswith("text_encoder"))
    rest = sum(part.numbers for part in report.parts) - encoders
    together, apart = encoders + rest, max(encoders, rest)
    return MemoryNeed(int(together * size * _WORK), int(apart * size * _WORK))


def memory_sentence(report: ModelReport, half: bool, free: int | None = None) -> str:
    """Describes the need of a model, and whether it fits into so many free bytes, if known."""
    need, precision = memory_need(report, half), "half" if half else "single"
    start = f"Needs about {_size(need.together)} of memory in {precision} precision"
    if free is None:
        apart = f", {_size(need.apart)} with its parts one after the other"
        return f"{start}{apart if need.apart < need.together else ''}."
    if need.fits(free):
        return f"{start}; {_size(free)} are free."
    if need.fits_apart(free):
        return (
            f"{start}; {_size(free)} are free: its text encoders are opened and freed before the "
            "rest."
        )
    return (
        f"{start}, {_size(need.apart)} with its parts one after the other; only {_size(free)} are "
        "free: the model is too large."
    )


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.0f} MB"
